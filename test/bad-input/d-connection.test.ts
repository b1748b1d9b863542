import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startTestProxy, TEST_SECRET } from '../proxy/start-test-proxy.js'
import { converse, converseOn, LISTENERS } from './converse.js'
import { expectRefused, expectServed, GOOD_REQUEST_CONTENT, goodRequest } from './expect-refused.js'
import { GOOD_ANSWER, startRecordingUpstream } from './recording-upstream.js'

const HEAD = `POST /v1/chat/completions HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\n`

describe('Expect: 100-continue (class 52)', () => {
  const expecting = (rest = '') =>
    `${HEAD}Content-Length: ${GOOD_REQUEST_CONTENT.length}\r\nExpect: 100-continue\r\n${rest}\r\n`

  test('is answered once, and then the content is taken', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()

    socket.write(expecting('Connection: close\r\n'))
    const [first] = await new Promise<[Buffer]>((resolve) => socket.once('data', (chunk) => resolve([chunk])))
    const sentBefore = upstream.bytes
    const { answers, interim } = await converseOn(socket, GOOD_REQUEST_CONTENT)

    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(sentBefore).toBe('')
    expect(interim).toEqual([])
    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).not.toMatch(/expect/i)
  })

  test('from a client that does not wait is answered once', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const bytes = expecting('Connection: close\r\n') + GOOD_REQUEST_CONTENT
    const { answers, interim } = await converse(proxy, 'tunnel', bytes)

    expect(interim.length).toBeLessThanOrEqual(1)
    expect(answers.map(({ status }) => status)).toEqual([200])
  })

  test.each([
    ['another path', expecting().replace('/v1/chat/completions', '/v1/files'), 403],
    ['too much', expecting().replace(/Content-Length: \d+/, 'Content-Length: 99999999'), 413],
    ['another Host', expecting().replace('inference.local', 'evil.com'), 421],
  ])('with %s is refused without 100', async (_what, bytes, status) => {
    const { interim } = await expectRefused('tunnel', bytes, { status })

    expect(interim).toEqual([])
  })

  test('on GET without content sends no 100', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const bytes =
      'GET /v1/models HTTP/1.1\r\nHost: inference.local\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n'
    const { answers, interim } = await converse(proxy, 'tunnel', bytes)

    expect(interim).toEqual([])
    expect(answers[0]?.status).toBe(200)
  })

  test.each(['foo', '100-continue, foo', '100-continued', '200-ok', 'x-100-continue'])('%s gets 417', async (value) => {
    for (const listener of LISTENERS) {
      const head = listener === 'tunnel' ? HEAD : 'POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\n'
      await expectRefused(listener, `${head}Content-Length: 0\r\nExpect: ${value}\r\n\r\n`, { status: 417 })
    }
  })

  test('twice on one connection is answered twice', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const bytes = expecting() + GOOD_REQUEST_CONTENT + expecting('Connection: close\r\n') + GOOD_REQUEST_CONTENT
    const { answers } = await converse(proxy, 'tunnel', bytes)

    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('pipelined requests (class 53)', () => {
  test('are served one after the other, in order, without cross-talk', async () => {
    let serving = 0
    await using upstream = await startRecordingUpstream((socket, received) => {
      expect(++serving).toBe(1)
      const asked = /"n":(\d+)/.exec(received.slice(received.lastIndexOf('POST ')))?.[1]
      void setTimeout(5).then(() => {
        serving--
        const content = `{"answers":${asked}}`
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
        )
      })
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const requests = Array.from({ length: 50 }, (_, index) => {
      const content = `{"model":"m","n":${index}}`
      const last = index === 49 ? 'Connection: close\r\n' : ''
      return `${HEAD}${last}Content-Length: ${content.length}\r\n\r\n${content}`
    })

    const { answers } = await converse(proxy, 'tunnel', requests.join(''))

    expect(answers.map(({ content }) => content)).toEqual(requests.map((_, index) => `{"answers":${index}}`))
    expect(upstream.connections.length).toBeLessThanOrEqual(2)
  })

  test('a client that leaves ends those that wait as well', async () => {
    await using upstream = await startRecordingUpstream(() => {})
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()

    socket.write(goodRequest().repeat(20))
    await expect.poll(() => upstream.bytes).toContain('"messages":[]')
    socket.destroy()

    await expect.poll(() => proxy.proxy.exchangeCount).toBe(0)
    await expect.poll(() => upstream.open).toBe(0)
    expect(upstream.bytes.match(/POST /g)).toHaveLength(1)
  })

  test('10,000 at once do not fill the memory with what has to wait', async () => {
    await using upstream = await startRecordingUpstream(() => {})
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()
    socket.on('error', () => {})

    socket.write(goodRequest())
    socket.write('GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n\r\n'.repeat(10_000))
    await setTimeout(500)

    expect(proxy.proxy.exchangeCount).toBeLessThan(2_500)
    socket.destroy()
    await expect.poll(() => proxy.proxy.exchangeCount).toBe(0)
  })
})

describe('field names that are members of every object (class 54)', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])(
    '%s is one more field that ends here',
    async (name) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close', `${name}: polluted`))

      expect(answers[0]?.status).toBe(200)
      expect(upstream.bytes).not.toContain('polluted')
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      await expectServed(proxy, upstream)
    },
  )
})

describe('bytes beyond ASCII in a value stay the bytes they are (class 55)', () => {
  test.each([
    [
      'every byte from 0x80 to 0xff',
      Buffer.from(Array.from({ length: 128 }, (_, index) => 128 + index)).toString('latin1'),
    ],
    ['UTF-8', Buffer.from('größe 大小 🚀').toString('latin1')],
    ['broken UTF-8', '\xc3\x28\xa0\xa1\xe2\x82'],
  ])('%s', async (_what, value) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close', `User-Agent: a${value}b`))

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).toContain(`\r\nuser-agent: a${value}b\r\n`)
  })

  test('in a value, with content too large for one write', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const content = `{"model":"m","x":"${'\xe9'.repeat(2)}${'a'.repeat(1_000_000)}"}`.replaceAll('\xe9', 'é')
    const bytes = Buffer.from(content)

    const request = `${HEAD}Connection: close\r\nUser-Agent: caf\xe9\r\nContent-Length: ${bytes.length}\r\n\r\n`
    const { answers } = await converse(proxy, 'tunnel', Buffer.concat([Buffer.from(request, 'latin1'), bytes]))

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).toContain('\r\nuser-agent: caf\xe9\r\n')
    expect(upstream.bytes.split('\r\n\r\n')[1]).toBe(
      bytes.toString('latin1').replace('"model":"m"', '"model":"mock/echo"'),
    )
  })
})

test('a credential of the client in several spellings is gone in all of them (class 56)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url, auth: { kind: 'header', name: 'X-Api-Key' } })

  const { answers } = await converse(
    proxy,
    'tunnel',
    goodRequest(
      'Connection: close',
      ...['x-api-key', 'X-Api-Key', 'X-API-KEY', 'authorization', 'Authorization', 'AUTHORIZATION'].map(
        (name) => `${name}: sk-from-the-sandbox`,
      ),
    ),
  )

  expect(answers[0]?.status).toBe(200)
  expect(upstream.bytes).not.toContain('sk-from-the-sandbox')
  expect(upstream.bytes.match(/x-api-key: .*/gi)).toEqual([`x-api-key: ${TEST_SECRET}`])
  expect(upstream.bytes).not.toMatch(/authorization/i)
})

describe('fields that Connection names (class 57)', () => {
  test.each([
    'authorization, x-api-key, host',
    'Authorization',
    'host, content-length, content-type, model',
    'close, authorization',
    'x-nemoclaw-key, user-agent',
    ' , ,authorization,, ',
  ])('"%s" cannot delete what we set', async (value) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, extraHeaders: [['x-team', 'blue']] })

    const { answers } = await converse(proxy, 'tunnel', goodRequest(`Connection: ${value}, x-team`), { waitMs: 300 })

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).toContain(`\r\nauthorization: Bearer ${TEST_SECRET}\r\n`)
    expect(upstream.bytes).toContain('\r\nx-team: blue\r\n')
    expect(upstream.bytes).toMatch(/\r\nhost: 127\.0\.0\.1:\d+\r\n/)
    expect(upstream.bytes).toMatch(/\r\ncontent-length: \d+\r\n/)
  })

  test('and those of the client are gone', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, passthroughHeaders: ['x-trace'] })

    await converse(
      proxy,
      'tunnel',
      goodRequest('Connection: close, x-trace, user-agent', 'X-Trace: 1', 'User-Agent: u'),
    )

    expect(upstream.bytes).not.toMatch(/x-trace|user-agent/i)
  })
})

test('an answer is whole when the provider sends it and closes in one packet', async () => {
  await using upstream = await startRecordingUpstream((socket) => socket.end(GOOD_ANSWER))
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  for (let round = 0; round < 20; round++) {
    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))
    expect(answers).toEqual([expect.objectContaining({ status: 200, whole: true })])
  }
})
