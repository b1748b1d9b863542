import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseAnswers } from '../bad-input/answer.js'
import { converseOn } from '../bad-input/converse.js'
import { goodRequest } from '../bad-input/expect-refused.js'
import { startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { openTunnel } from '../tls/open-tunnel.js'
import { startTestProxy, type TestProxy } from './start-test-proxy.js'

const SSE = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const event = (text: string) => {
  const content = `data: ${text}\n\n`
  return `${content.length.toString(16)}\r\n${content}\r\n`
}

/** A provider whose streams take so long, an event every 50 ms. */
const startStreaming = (ms: number) =>
  startRecordingUpstream(async (socket) => {
    socket.write(SSE)
    for (let at = 0; at < ms && !socket.destroyed; at += 50) {
      socket.write(event(String(at)))
      await setTimeout(50)
    }
    socket.write(`${event('[DONE]')}0\r\n\r\n`)
  })

/** Begins a stream; resolves when its first event is there, with what becomes of it. */
async function beginStream(proxy: TestProxy) {
  const socket = await proxy.openInference()
  let wire = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    wire += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(goodRequest())
  await expect.poll(() => wire, { interval: 10 }).toContain('data: 0')
  return { socket, closed, answers: () => parseAnswers(wire) }
}

async function timed(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work
  return performance.now() - startedAt
}

test('streams finish, and the proxy ends with the last of them', async () => {
  await using upstream = await startStreaming(600)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const streams = await Promise.all([beginStream(proxy), beginStream(proxy), beginStream(proxy)])

  const tookMs = await timed(proxy.proxy.close(10_000))

  expect(tookMs).toBeGreaterThan(200)
  expect(tookMs).toBeLessThan(8_000)
  for (const { answers, closed } of streams) {
    await closed
    expect(answers()).toEqual([expect.objectContaining({ status: 200, whole: true })])
    expect(answers()[0]?.content).toContain('data: [DONE]')
  }
})

test('with nothing under way it ends at once, whatever is connected', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const raw = await proxy.connectRaw()
  const tunnel = await openTunnel(proxy.port)
  const idle = await proxy.openInference()
  const used = await proxy.openInference()
  used.write(goodRequest())
  await once(used, 'data')
  const closed = Promise.all(
    [raw, tunnel, idle, used].map((socket) => once(socket.on('error', () => {}).resume(), 'close')),
  )

  const tookMs = await timed(proxy.proxy.close(10_000))

  expect(tookMs).toBeLessThan(8_000)
  await closed
})

test('new connections are refused while it drains', async () => {
  await using upstream = await startStreaming(600)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const stream = await beginStream(proxy)

  const closing = proxy.proxy.close(10_000)
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
    connect(proxy.port, '127.0.0.1').once('error', resolve)
  })

  expect(error.code).toBe('ECONNREFUSED')
  await closing
  expect(stream.answers()[0]?.whole).toBe(true)
})

test('a new request on a connection kept alive gets 503 with Connection: close', async () => {
  await using upstream = await startStreaming(800)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const used = await proxy.openInference()
  used.write('GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n\r\n')
  await once(used, 'data')
  const fresh = await proxy.openInference()
  const raw = await proxy.connectRaw()
  const forward = await proxy.connectRaw()
  const stream = await beginStream(proxy)

  const closing = proxy.proxy.close(10_000)
  const conversations = [
    await converseOn(used, goodRequest()),
    await converseOn(fresh, goodRequest()),
    await converseOn(raw, 'CONNECT inference.local:443 HTTP/1.1\r\n\r\n'),
    await converseOn(forward, 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n'),
  ]

  for (const { answers, endedBy } of conversations) {
    expect(answers).toEqual([expect.objectContaining({ status: 503, code: 'proxy_shutting_down' })])
    expect(answers[0]?.fields).toContainEqual(['connection', 'close'])
    expect(endedBy).toBe('proxy')
  }
  await closing
  expect(stream.answers()[0]?.whole).toBe(true)
})

test('what the limit cuts off hears why, and does not look complete', async () => {
  await using upstream = await startStreaming(60_000)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const stream = await beginStream(proxy)

  const tookMs = await timed(proxy.proxy.close(300))
  await stream.closed

  expect(tookMs).toBeGreaterThan(280)
  expect(tookMs).toBeLessThan(8_000)
  expect(stream.answers()[0]).toMatchObject({ status: 200, whole: false })
  expect(stream.answers()[0]?.content).toContain('"code":"proxy_shutting_down"')
  await expect.poll(() => upstream.open).toBe(0)
})

test('a request whose answer had not begun gets 503 when the limit is over', async () => {
  await using upstream = await startRecordingUpstream(() => {})
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const socket = await proxy.openInference()
  const conversation = converseOn(socket, goodRequest())
  await expect.poll(() => upstream.bytes).toContain('messages')

  await proxy.proxy.close(200)

  expect((await conversation).answers[0]).toMatchObject({ status: 503, code: 'proxy_shutting_down' })
})

test('close(0) cuts at once, also what an earlier call waits for', async () => {
  await using upstream = await startStreaming(60_000)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const stream = await beginStream(proxy)

  const first = proxy.proxy.close(60_000)
  await setTimeout(100)
  const tookMs = await timed(Promise.all([proxy.proxy.close(0), first]))
  await stream.closed

  expect(tookMs).toBeLessThan(8_000)
  expect(stream.answers()[0]?.whole).toBe(false)
})

test('two calls with limits both end', async () => {
  await using upstream = await startStreaming(400)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  await beginStream(proxy)

  const tookMs = await timed(Promise.all([proxy.proxy.close(60_000), proxy.proxy.close(30_000)]))

  expect(tookMs).toBeLessThan(8_000)
})

test('requests pipelined behind a stream do not stall it', async () => {
  await using upstream = await startStreaming(500)
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const stream = await beginStream(proxy)
  stream.socket.write(goodRequest().repeat(30))
  await setTimeout(50)

  const tookMs = await timed(proxy.proxy.close(10_000))
  await stream.closed

  expect(tookMs).toBeLessThan(8_000)
  expect(stream.answers().map(({ status }) => status)).toEqual([200, 503])
  expect(stream.answers()[0]?.whole).toBe(true)
  expect(upstream.bytes.match(/POST /g)).toHaveLength(1)
})

test('a client that takes nothing in does not stall it beyond the limit', async () => {
  await using upstream = await startRecordingUpstream((socket) => {
    socket.write(SSE)
    socket.write(event('0'))
    for (let piece = 0; piece < 200; piece++) {
      socket.write(event('x'.repeat(100_000)))
    }
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const stream = await beginStream(proxy)
  stream.socket.pause()

  const tookMs = await timed(proxy.proxy.close(300))

  expect(tookMs).toBeLessThan(8_000)
})

test('it leaves no connection to a provider open', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  await converseOn(await proxy.openInference(), goodRequest('Connection: close'))
  expect(upstream.open).toBe(1)

  await proxy.proxy.close(1_000)

  await expect.poll(() => upstream.open).toBe(0)
})
