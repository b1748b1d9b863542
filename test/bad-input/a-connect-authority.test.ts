import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { expectRefused } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const connect = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: inference.local:443\r\n\r\n`
const MALFORMED = { status: 400, code: 'invalid_request' }
const DENIED = { status: 403, code: 'destination_denied' }

describe('a CONNECT target that is no host:port gets 400 (class 1)', () => {
  test.each([
    'inference.local',
    'inference.local:',
    'inference.local:0',
    'inference.local:65536',
    'inference.local:99999999999999999999',
    'inference.local:-1',
    'inference.local:+443',
    'inference.local:0443',
    'inference.local:00443',
    'inference.local:4e2',
    'inference.local:0x1bb',
    'inference.local:443x',
    'inference.local:443,80',
    'inference.local:443 ',
    'inference.local:443:443',
    'inference.local:https',
    ':443',
    ':',
    '443',
    '*',
    '/',
    '/v1/models',
  ])('%j', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })
})

describe('a broken IPv6 literal gets 400 (class 2)', () => {
  test.each([
    '::1:443',
    '[::1:443',
    '::1]:443',
    '[::1]443',
    '[[::1]]:443',
    '[::1]:443:443',
    '[]:443',
    '[::1%25eth0]:443',
    '[::1%eth0]:443',
    '[inference.local]:443',
    '[127.0.0.1]:443',
    '[v1.x]:443',
    '[::ffff:127.0.0.1.1]:443',
    '[1::2::3]:443',
  ])('%j', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })
})

describe('user info in a CONNECT target gets 400 (class 3)', () => {
  test.each([
    'u@inference.local:443',
    'u:p@inference.local:443',
    '@inference.local:443',
    'inference.local@evil.com:443',
    'inference.local:443@evil.com:443',
    'inference.local%40evil.com:443',
    'evil.com#@inference.local:443',
    'evil.com\\@inference.local:443',
  ])('%j', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })

  test('and is not repeated in what the proxy tells', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    await converse(proxy, 'proxy port', connect('user:hunter2@inference.local:443'))
    await converse(proxy, 'proxy port', 'GET http://user:hunter2@h.example/?token=hunter2 HTTP/1.1\r\nHost: h\r\n\r\n')
    await converse(proxy, 'tunnel', 'GET https://user:hunter2@h.example/ HTTP/1.1\r\nHost: inference.local\r\n\r\n')

    expect(proxy.events).toHaveLength(4)
    expect(JSON.stringify(proxy.events)).not.toContain('hunter2')
  })
})

describe('NUL in a host gets 400 and ends no name early (class 4)', () => {
  test.each([
    'inference.local\0.evil.com:443',
    'evil.com\0.inference.local:443',
    'inference.local\0:443',
    '\0inference.local:443',
    'inference.local%00.evil.com:443',
    'evil.com%00inference.local:443',
    'inference.local\\0:443',
  ])('%j', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })
})

describe('control and non-ASCII characters in an authority get 400 (class 5)', () => {
  test.each([
    ...['\r', '\n', '\t', '\v', '\f', '\x01', '\x1b', '\x7f', '\x80', '\xa0', '\xad', '\xff'].flatMap((character) => [
      `inference${character}.local:443`,
      `inference.local:4${character}43`,
    ]),
    'inference.local\r\nX-Injected: 1\r\n:443',
  ])('%j', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })
})

describe('spellings of one name get one decision (class 6)', () => {
  test.each(['inference.local.:443', 'INFERENCE.LOCAL:443', 'Inference.Local.:443'])(
    '%s is inference.local',
    async (target) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { wire } = await converse(proxy, 'proxy port', connect(target), { waitMs: 200 })

      expect(wire).toBe('HTTP/1.1 200 Connection Established\r\n\r\n')
    },
  )

  test.each(['inference.local..:443', 'inference..local:443', '.inference.local:443', '..:443', '.:443'])(
    '%s is no name',
    async (target) => {
      await expectRefused('proxy port', connect(target), MALFORMED)
    },
  )
})

describe('look-alikes are compared as A-labels and never folded (class 7)', () => {
  test.each([
    '\u0131nference.local',
    'inference\u3002local',
    'inference\uff0elocal',
    '\uff49nference.local',
    'inference.loca\u017f',
    'infer\u00adence.local',
    'inference.local\u200b',
    '\u0456nference.local',
  ])('%s gets 400', async (host) => {
    await expectRefused('proxy port', Buffer.from(connect(`${host}:443`), 'utf8'), MALFORMED)
  })

  test.each(['xn--nference-d6a.local:443', 'xn--:443', 'xn--99999999.local:443', 'xn--a-ecp.local:443'])(
    '%s is another name, and denied',
    async (target) => {
      await expectRefused('proxy port', connect(target), { status: [400, 403] })
    },
  )
})

describe('percent-encoding in a host is not decoded (class 8)', () => {
  test.each(['inference%2elocal:443', 'inference%2Elocal:443', '%69nference.local:443', 'inference.local%3a443:443'])(
    '%s',
    async (target) => {
      await expectRefused('proxy port', connect(target), MALFORMED)
    },
  )
})

describe('a name that only resembles inference.local is denied (class 9)', () => {
  test.each([
    'evilinference.local:443',
    'inference.local.evil.com:443',
    'x.inference.local:443',
    'inference.localx:443',
    'inference-local:443',
    'local:443',
    'inference:443',
  ])('%s', async (target) => {
    await expectRefused('proxy port', connect(target), DENIED)
  })
})

describe('a numeric host is an address in canonical form or nothing (class 10)', () => {
  test.each([
    '2130706433',
    '0x7f000001',
    '0X7F000001',
    '017700000001',
    '0177.0.0.1',
    '127.0.0.0x1',
    '127.1',
    '127.0.1',
    '0',
    '1.1',
    '127.0.0.1.',
    '127.0.0.01',
    '256.0.0.1',
    '1.2.3.4.5',
    'example.0x7f',
    'example.1',
  ])('%s', async (host) => {
    await expectRefused('proxy port', connect(`${host}:443`), { status: host === '127.0.0.1.' ? [400, 403] : 400 })
  })
})

describe('what the DNS allows no name to be gets 400 (class 11)', () => {
  test.each([
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(127)}aa`,
    'a'.repeat(300),
    'a..b',
    '-a.com',
    'a-.com',
    'a.-b.com',
    '*.inference.local',
    'a,b',
    'a b',
    "a'b.com",
    'a!b.com',
    'a&b.com',
  ])('%.40s', async (host) => {
    await expectRefused('proxy port', connect(`${host}:443`), MALFORMED)
  })

  test('an underscore is a name, and this one is denied', async () => {
    await expectRefused('proxy port', connect('under_score.example:443'), DENIED)
  })
})

describe('the proxy does not lead to itself (class 15)', () => {
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  )

  test.each([
    ...new Set([...own, '[::1]', '[::ffff:127.0.0.1]', '127.0.0.2', 'localhost', 'localhost.', '0.0.0.0', '[::]']),
  ])('%s', async (host) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, endedBy } = await converse(proxy, 'proxy port', connect(`${host}:${proxy.port}`))

    expect(answers).toEqual([expect.objectContaining({ status: 403, code: 'destination_denied' })])
    expect(endedBy).toBe('proxy')
    expect(proxy.events).toHaveLength(1)
  })
})

describe('inference.local has port 443 and no other (class 16)', () => {
  test.each([80, 8443, 22, 1, 444, 65535])('%i is denied, and the reason says so', async (port) => {
    const { answers } = await expectRefused('proxy port', connect(`inference.local:${port}`), DENIED)

    expect(answers[0]?.content).toContain('port 443 only')
  })
})

describe('https in absolute-form is refused with a hint (class 17)', () => {
  test.each([
    'GET https://inference.local/v1/models',
    'POST https://inference.local:443/v1/chat/completions',
    'GET HTTPS://api.example.com/',
  ])('%s names CONNECT', async (line) => {
    const { answers } = await expectRefused(
      'proxy port',
      `${line} HTTP/1.1\r\nHost: inference.local\r\n\r\n`,
      MALFORMED,
    )

    expect(answers[0]?.content).toContain('CONNECT')
  })

  test.each([
    'https://inference.local:443/',
    'https://inference.local:443',
    'http://inference.local:443',
    '//inference.local:443',
  ])('CONNECT %s', async (target) => {
    await expectRefused('proxy port', connect(target), MALFORMED)
  })

  test.each([
    'http://inference.local/v1/models',
    'http://inference.local:80/v1/models',
    'http://inference.local:443/v1/models',
    'HTTP://INFERENCE.LOCAL./v1/models',
  ])('GET %s is denied with the hint to use https', async (target) => {
    const request = `GET ${target} HTTP/1.1\r\nHost: inference.local\r\n\r\n`
    const { answers } = await expectRefused('proxy port', request, DENIED)

    expect(answers[0]?.content).toContain('https://inference.local/v1')
  })
})
