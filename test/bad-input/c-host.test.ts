import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { expectRefused, expectServed, GOOD_REQUEST_CONTENT, goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const CONTENT_FIELDS = `Content-Type: application/json\r\nContent-Length: ${GOOD_REQUEST_CONTENT.length}\r\n`

/** A request that would be served but for its Host lines and target. */
const withHosts = (hostLines: string, target = '/v1/chat/completions') =>
  `POST ${target} HTTP/1.1\r\n${hostLines}${CONTENT_FIELDS}\r\n${GOOD_REQUEST_CONTENT}`
const host = (value: string) => `Host: ${value}\r\n`

describe('a Host that names another place gets 421 (class 34)', () => {
  test.each([
    'api.openai.com',
    'evil.com:443',
    'x.inference.local',
    'inference.local.evil.com',
    'inference.localx',
    'localhost',
    '127.0.0.1',
    '[::1]',
    '[::1]:443',
    'inference_local',
    'inference.local:80',
    'inference.local:8443',
    'inference.local:65535',
    'inference.local..',
    'xn--nference-d6a.local',
  ])('%s', async (value) => {
    await expectRefused('tunnel', withHosts(host(value)), { status: 421, code: 'misdirected_request' })
  })
})

describe('a Host that is missing, repeated or no authority gets 400 (class 35)', () => {
  test.each([
    ['none', ''],
    ['two that agree', host('inference.local').repeat(2)],
    ['two that differ', host('inference.local') + host('evil.com')],
    ['two that differ, ours last', host('evil.com') + host('inference.local')],
    ['two in one line', host('inference.local, inference.local')],
    ['two in one line, one foreign', host('inference.local, evil.com')],
    ['one in another case', `${host('inference.local')}HOST: evil.com\r\n`],
    ['an empty one', host('')],
    ['only a port', host(':443')],
    ['an empty port', host('inference.local:')],
    ['a port that is no number', host('inference.local:https')],
    ['a port with a sign', host('inference.local:+443')],
    ['a port of seven digits', host('inference.local:0000443')],
    ['two ports', host('inference.local:443:443')],
    ['user info', host('user@inference.local')],
    ['user info that looks like us', host('inference.local@evil.com')],
    ['a space inside', host('inference.local evil.com')],
    ['a tab inside', host('inference.local\tevil.com')],
    ['a path', host('inference.local/v1')],
    ['a query', host('inference.local?x')],
    ['a fragment', host('inference.local#x')],
    ['a scheme', host('https://inference.local')],
    ['a percent sign', host('inference%2elocal')],
    ['a backslash', host('inference.local\\evil.com')],
    ['quotes', host('"inference.local"')],
    ['a wildcard', host('*')],
    ['a byte beyond ASCII', host('inference.loc\xe1l')],
    ['UTF-8', host('inference\xe3\x80\x82local')],
    ['an open bracket', host('[::1')],
    ['a comma behind', host('inference.local,')],
  ])('%s', async (_what, lines) => {
    await expectRefused('tunnel', withHosts(lines), { status: 400, code: 'invalid_request' })
  })

  test('two on CONNECT too', async () => {
    const hosts = host('inference.local:443') + host('evil.com:443')
    await expectRefused('proxy port', `CONNECT inference.local:443 HTTP/1.1\r\n${hosts}\r\n`, { status: 400 })
  })
})

describe('spellings of our name are served', () => {
  test.each(['inference.local', 'inference.local:443', 'INFERENCE.local', 'inference.local.', ' inference.local\t'])(
    '%j',
    async (value) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', withHosts(host(value)), { waitMs: 300 })

      expect(answers[0]?.status).toBe(200)
      expect(upstream.bytes).toMatch(/\r\nhost: 127\.0\.0\.1:\d+\r\n/)
    },
  )
})

describe('absolute-form in the tunnel gets 400, whatever it names (class 36)', () => {
  test.each([
    'https://evil.com/v1/chat/completions',
    'http://evil.com/v1/chat/completions',
    'https://inference.local/v1/chat/completions',
    'https://inference.local:443/v1/chat/completions',
    'HTTPS://INFERENCE.LOCAL/v1/chat/completions',
    'https://user@inference.local/v1/chat/completions',
    'ftp://inference.local/v1/chat/completions',
    'inference.local:443',
    'inference.local/v1/chat/completions',
    '*',
  ])('%s', async (target) => {
    await expectRefused('tunnel', withHosts(host('inference.local'), target), { status: 400 })
  })
})

test('forwarding and rewriting fields of the client reach no provider (class 38)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const names = [
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix'],
    ...[
      'X-Forwarded-Server',
      'X-Forwarded',
      'Forwarded',
      'Forwarded-For',
      'X-Real-IP',
      'X-Client-IP',
      'True-Client-IP',
    ],
    ...[
      'CF-Connecting-IP',
      'Fastly-Client-IP',
      'X-Cluster-Client-IP',
      'X-Originating-IP',
      'X-Remote-IP',
      'X-Remote-Addr',
    ],
    ...[
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-Original-Host',
      'X-Host',
      'X-HTTP-Host-Override',
      'X-Envoy-Original-Path',
    ],
    ...[
      'X-HTTP-Method-Override',
      'X-HTTP-Method',
      'X-Method-Override',
      'Via',
      'X-Via',
      'Max-Forwards',
      'From',
      'Referer',
    ],
    ...['X-Proxy-URL', 'X-Backend-Host', 'Proxy-Connection', 'Proxy', 'Client-IP', 'X-Wap-Profile', 'Origin-Host'],
  ]

  const { answers } = await converse(
    proxy,
    'tunnel',
    goodRequest('Connection: close', ...names.map((name) => `${name}: smuggled.example`)),
  )

  expect(answers[0]?.status).toBe(200)
  expect(upstream.bytes).not.toContain('smuggled.example')
})

describe('a second request on a connection is judged like the first (class 39)', () => {
  const DENIED_SECOND = [
    ['another path', 'GET /admin HTTP/1.1\r\nHost: inference.local\r\n\r\n', 403],
    ['a path of the provider that is not served', 'GET /v1/files HTTP/1.1\r\nHost: inference.local\r\n\r\n', 403],
    ['another Host', withHosts(host('evil.com')), 421],
    ['absolute-form', withHosts(host('inference.local'), 'https://evil.com/v1/chat/completions'), 400],
    ['CONNECT', 'CONNECT evil.com:443 HTTP/1.1\r\nHost: evil.com\r\n\r\n', 405],
    ['what is no HTTP', '\x16\x03\x01 nonsense\r\n\r\n', 400],
  ] as const

  test.each(DENIED_SECOND)('%s: denied, and the connection ends', async (_what, second, status) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()
    let wire = ''
    socket.on('data', (chunk) => {
      wire += chunk
    })
    const ended = new Promise((resolve) => socket.once('close', resolve))

    socket.write(goodRequest())
    await expect.poll(() => wire).toContain('"choices":[]}')
    const sent = upstream.bytes
    socket.write(second)
    await ended

    expect(wire.slice(wire.lastIndexOf('HTTP/1.1 '))).toContain(`HTTP/1.1 ${status} `)
    expect(upstream.bytes).toBe(sent)
    await expectServed(proxy, upstream)
  })

  test.each(DENIED_SECOND)('%s, pipelined: denied behind the first answer', async (_what, second, status) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, endedBy } = await converse(proxy, 'tunnel', goodRequest() + second)

    expect(answers.map((answer) => answer.status)).toEqual([200, status])
    expect(endedBy).toBe('proxy')
    expect(upstream.connections).toHaveLength(1)
  })

  test('behind a refusal nothing more is served', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const refused = 'GET /admin HTTP/1.1\r\nHost: inference.local\r\n\r\n'

    const { answers, endedBy } = await converse(proxy, 'tunnel', refused + goodRequest() + goodRequest())

    expect(answers.map(({ status }) => status)).toEqual([403])
    expect(endedBy).toBe('proxy')
    expect(upstream.bytes).toBe('')
  })
})
