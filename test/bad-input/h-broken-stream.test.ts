import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { expectServed, goodRequest } from './expect-refused.js'
import { post } from './post.js'
import { GOOD_ANSWER, startRecordingUpstream } from './recording-upstream.js'
import { PROVIDER_ROOT, providerTls } from './upstream-certificates.js'

const SSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (content: string) => `${Buffer.byteLength(content, 'latin1').toString(16)}\r\n${content}\r\n`
const EVENT = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'

describe('a provider may be slow (class 98)', () => {
  const timeouts = { connectTimeoutMs: 1_000, firstByteTimeoutMs: 600, idleTimeoutMs: 600 }

  test('silent before the head, within the limit: served', async () => {
    await using upstream = await startRecordingUpstream(
      (socket) => void setTimeout(400).then(() => socket.write(GOOD_ANSWER)),
    )
    await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts })

    expect((await converse(proxy, 'tunnel', goodRequest('Connection: close'))).answers[0]?.status).toBe(200)
  })

  test('silent before the head, beyond the limit: 504 that names it', async () => {
    await using upstream = await startRecordingUpstream(() => {})
    await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 504, code: 'upstream_timeout' })
    expect(answers[0]?.content).toContain('first-byte limit of 600 ms')
    await expect.poll(() => upstream.open).toBe(0)
  })

  test('silent in the middle, again and again, longer than the limit in sum: served whole', async () => {
    await using upstream = await startRecordingUpstream(async (socket) => {
      socket.write(SSE_HEAD)
      for (let event = 0; event < 4; event++) {
        await setTimeout(400)
        socket.write(chunk(EVENT))
      }
      socket.write('0\r\n\r\n')
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 200, whole: true, content: EVENT.repeat(4) })
  })

  test('silent in the middle, beyond the limit: an error event, and no clean end', async () => {
    await using upstream = await startRecordingUpstream((socket) => void socket.write(SSE_HEAD + chunk(EVENT)))
    await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 200, whole: false })
    expect(answers[0]?.content).toContain('"code":"upstream_timeout"')
    expect(answers[0]?.content).toContain('idle limit of 600 ms')
    await expect.poll(() => upstream.open).toBe(0)
  })
})

describe('a stream that breaks never looks complete (class 99)', () => {
  const BREAKS = {
    'a reset': (socket: import('node:net').Socket) => socket.resetAndDestroy(),
    'an end in the middle of a chunk': (socket: import('node:net').Socket) => socket.end('100\r\ndata: {"half'),
    'an end behind a chunk': (socket: import('node:net').Socket) => socket.end(),
    'an end in the size of a chunk': (socket: import('node:net').Socket) => socket.end('1'),
    'garbage for a chunk': (socket: import('node:net').Socket) => void socket.write('nonsense\r\n'),
  } as const

  test.each(Object.entries(BREAKS))('%s: what came, an error event, an abort', async (_what, breakOff) => {
    await using upstream = await startRecordingUpstream(async (socket) => {
      socket.write(SSE_HEAD + chunk(EVENT))
      await setTimeout(50)
      breakOff(socket)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest())

    expect(answers).toEqual([expect.objectContaining({ status: 200, whole: false })])
    const [first, ...rest] = (answers[0]?.content ?? '').split(/(?<=\n\n)/)
    expect(first).toBe(EVENT)
    expect(rest.at(-1)).toMatch(
      /^data: \{"error":\{"message":"[^"]+","type":"server_error","code":"upstream_(?:conn|prot)/,
    )
    expect(answers[0]?.content).not.toContain('[DONE]')
    expect(proxy.events.at(-1)).toMatchObject({ outcome: 'truncated' })
    await expectServed(proxy, upstream).catch(() => {})
  })

  test.each([
    ['/v1/messages', /event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"upstream_/],
    ['/v1/responses', /event: response\.failed\ndata: \{"type":"response\.failed"/],
    ['/v1/completions', /data: \{"error":\{/],
  ])('on %s in its own words', async (path, event) => {
    await using upstream = await startRecordingUpstream(async (socket) => {
      socket.write(SSE_HEAD + chunk(EVENT))
      await setTimeout(50)
      socket.resetAndDestroy()
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', post('{"model":"a"}', { path }))

    expect(answers[0]?.whole).toBe(false)
    expect(answers[0]?.content).toMatch(event)
  })

  test('TLS that ends without close_notify', async () => {
    await using upstream = await startRecordingUpstream(
      async (socket) => {
        socket.write(SSE_HEAD + chunk(EVENT))
        await setTimeout(50)
        socket.destroy()
      },
      { tls: providerTls(), host: 'localhost' },
    )
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { upstreamRoots: [PROVIDER_ROOT] })

    const { answers } = await converse(proxy, 'tunnel', goodRequest())

    expect(answers[0]?.whole).toBe(false)
    expect(answers[0]?.content).toContain('"error"')
  })

  test.each([
    ['a stream without framing that has no last event', 'text/event-stream', EVENT],
    [
      'a stream without framing that speaks of [DONE]',
      'text/event-stream',
      'data: {"choices":[{"delta":{"content":"[DONE] \\"error\\" message_stop"}}]}\n\n',
    ],
    ['JSON without framing that is half', 'application/json', '{"id":"x","choices":[{"message":'],
  ])('%s: aborted', async (_what, type, content) => {
    await using upstream = await startRecordingUpstream((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nConnection: close\r\n\r\n${content}`)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest())

    expect(answers[0]).toMatchObject({ status: 200, whole: false })
  })

  test.each([
    ['data: [DONE]', 'text/event-stream', `${EVENT}data: [DONE]\n\n`],
    ['message_stop', 'text/event-stream', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    ['response.completed', 'text/event-stream', 'data: {"type":"response.completed","response":{}}\n\n'],
    ['an error', 'text/event-stream', 'data: {"error":{"message":"x"}}\n\n'],
    ['whole JSON', 'application/json', '{"id":"x"}\n'],
    ['text', 'text/plain', 'anything'],
  ])('without framing, %s is an end', async (_what, type, content) => {
    await using upstream = await startRecordingUpstream((socket) => {
      socket.end(`HTTP/1.0 200 OK\r\nContent-Type: ${type}\r\n\r\n${content}`)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 200, whole: true, content })
  })

  test.each([
    ['JSON with a length', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":'],
    [
      'JSON in chunks',
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"half":',
    ],
    [
      'a stream with a length',
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n${EVENT}`,
    ],
  ])('%s that stops early: aborted', async (_what, answer) => {
    await using upstream = await startRecordingUpstream((socket) => void socket.end(answer))
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest())

    expect(answers[0]).toMatchObject({ status: 200, whole: false })
    if (answer.includes('event-stream')) {
      expect(answers[0]?.content).toContain('"code":"upstream_')
    }
  })
})
