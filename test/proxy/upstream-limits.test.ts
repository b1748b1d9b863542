import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { DEFAULT_ROUTE_TIMEOUTS } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { fieldsNamed } from '../bad-input/answer.js'
import { converse } from '../bad-input/converse.js'
import { goodRequest } from '../bad-input/expect-refused.js'
import { post } from '../bad-input/post.js'
import { GOOD_ANSWER, startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { PROVIDER_ROOT, providerTls } from '../bad-input/upstream-certificates.js'
import { startTestProxy } from './start-test-proxy.js'

const limited = (limits: object) => ({ ...DEFAULT_ROUTE_TIMEOUTS, ...limits })
const ask = goodRequest('Connection: close')

test('a provider that answers no SYN: 504, and the connect limit is named', async () => {
  await using blackhole = await startBlackhole()
  await using proxy = await startTestProxy({
    baseUrl: `http://127.0.0.1:${blackhole.port}/v1`,
    timeouts: limited({ connectTimeoutMs: 500 }),
  })

  const { answers, tookMs } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 504, code: 'upstream_timeout' })
  expect(answers[0]?.content).toContain('connect limit of 500 ms')
  expect(tookMs).toBeGreaterThan(450)
  expect(tookMs).toBeLessThan(8_000)
  expect(proxy.events.at(-1)).toMatchObject({ errorCode: 'ERR_UPSTREAM_CONNECT_TIMEOUT' })
})

test('a provider that accepts and does not handshake: 504, and the connect limit is named', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  await using proxy = await startTestProxy({
    baseUrl: `https://localhost:${port}/v1`,
    timeouts: limited({ connectTimeoutMs: 300 }),
  })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 504, code: 'upstream_timeout' })
  expect(answers[0]?.content).toContain('connect limit of 300 ms')
  silent.close()
})

test('a provider that takes the request and says nothing: 504, and the first-byte limit is named', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({
    baseUrl: provider.url,
    model: 'mock/hang',
    timeouts: limited({ firstByteTimeoutMs: 300 }),
  })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 504, code: 'upstream_timeout' })
  expect(answers[0]?.content).toContain('first-byte limit of 300 ms')
  await expect.poll(() => provider.received[0]?.clientAborted).toBe(true)
})

test('JSON that stops in the middle: aborted when the idle limit is over', async () => {
  await using upstream = await startRecordingUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":')
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts: limited({ idleTimeoutMs: 300 }) })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 200, whole: false, content: '{"half":' })
  expect(proxy.events.at(-1)).toMatchObject({ outcome: 'truncated', errorCode: 'ERR_UPSTREAM_IDLE_TIMEOUT' })
})

test('nothing listens: refused twice, 502', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as { port: number }
  closed.close()
  await once(closed, 'close')
  await using proxy = await startTestProxy({ baseUrl: `http://127.0.0.1:${port}/v1` })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 502, code: 'upstream_connection_failed' })
  expect(answers[0]?.content).toContain('ECONNREFUSED')
  expect(fieldsNamed(answers[0], 'x-nemoclaw-attempts')).toEqual(['2'])
  expect(fieldsNamed(answers[0], 'x-nemoclaw-provider')).toEqual(['test-provider'])
  expect(fieldsNamed(answers[0], 'proxy-status')[0]).toContain('connection_refused')
})

test('a name that does not exist: 502, and the name server is asked once', async () => {
  await using proxy = await startTestProxy({ baseUrl: 'https://does-not-exist.invalid/v1' })

  const { answers } = await converse(proxy, 'tunnel', ask, { waitMs: 15_000 })

  expect(answers[0]).toMatchObject({ status: 502, code: 'upstream_connection_failed' })
  expect(fieldsNamed(answers[0], 'proxy-status')[0]).toContain('dns_error')
})

test('a connection that fails before a byte was written is tried once more, and the answer says so', async () => {
  await using upstream = await startRecordingUpstream(GOOD_ANSWER, {
    tls: providerTls(),
    host: 'localhost',
    resets: (connection) => connection === 1,
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url }, { upstreamRoots: [PROVIDER_ROOT] })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]?.status).toBe(200)
  expect(fieldsNamed(answers[0], 'x-nemoclaw-attempts')).toEqual(['2'])
  expect(upstream.connections).toHaveLength(1)
  expect(proxy.events.at(-1)).toMatchObject({ attempts: 2 })
})

test('one that fails twice before a byte was written is not tried a third time', async () => {
  let connections = 0
  await using upstream = await startRecordingUpstream(GOOD_ANSWER, {
    tls: providerTls(),
    host: 'localhost',
    resets: () => ++connections > 0,
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url }, { upstreamRoots: [PROVIDER_ROOT] })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]?.status).toBe(502)
  expect(connections).toBe(2)
})

test.each(['mock/close', 'mock/reset'])('a request that was written is never sent again: %s', async (model) => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url, model })

  const { answers } = await converse(proxy, 'tunnel', ask)

  expect(answers[0]).toMatchObject({ status: 502, code: 'upstream_connection_failed' })
  expect(provider.received).toHaveLength(1)
})

test('connections to the provider are used again', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  for (let round = 0; round < 10; round++) {
    expect((await converse(proxy, 'tunnel', ask)).answers[0]?.status).toBe(200)
  }

  expect(new Set(provider.received.map(({ connectionId }) => connectionId)).size).toBeLessThanOrEqual(2)
})

test('a connection whose answer broke off is not used again', async () => {
  let answered = 0
  await using upstream = await startRecordingUpstream((socket) => {
    socket.write(
      answered++ === 0
        ? 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n'
        : GOOD_ANSWER,
    )
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  const first = await converse(proxy, 'tunnel', ask)
  const second = await converse(proxy, 'tunnel', ask)

  expect(first.answers[0]).toMatchObject({ whole: false })
  expect(second.answers[0]).toMatchObject({ status: 200, whole: true })
  expect(upstream.connections).toHaveLength(2)
})

test('a large content that is taken slowly does not spend the limit for the first byte', async () => {
  const content = Buffer.from(`{"model":"m","x":"${'x'.repeat(24 * 1024 * 1024)}"}`)
  let received = 0
  const upstream = createServer({ pauseOnConnect: true }, (socket) => {
    const sips = setInterval(() => socket.resume(), 100)
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received % (2 * 1024 * 1024) < chunk.length) {
        socket.pause()
      }
      if (chunk.subarray(-2).equals(Buffer.from('"}'))) {
        socket.end(GOOD_ANSWER)
      }
    })
    socket.on('close', () => clearInterval(sips))
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const { port } = upstream.address() as { port: number }
  await using proxy = await startTestProxy({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    timeouts: limited({ firstByteTimeoutMs: 500 }),
  })

  const { answers, tookMs } = await converse(proxy, 'tunnel', post(content), { waitMs: 15_000 })

  expect(answers[0]?.status).toBe(200)
  expect(tookMs).toBeGreaterThan(900)
  expect(received).toBeGreaterThan(content.length)
  upstream.close()
})

test('a client that takes nothing in is told apart from a provider that is silent', async () => {
  const piece = 'x'.repeat(1024 * 1024)
  await using upstream = await startRecordingUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000000\r\n\r\n')
    for (let count = 0; count < 40; count++) {
      socket.write(piece)
    }
  })
  await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts: limited({ idleTimeoutMs: 500 }) })
  const socket = await proxy.openInference()
  socket.on('error', () => {})

  socket.write(ask)
  socket.pause()

  await expect.poll(() => proxy.events.at(-1), { timeout: 5_000 }).toMatchObject({ errorCode: 'ERR_REQUEST_TIMEOUT' })
  await expect.poll(() => upstream.open).toBe(0)
  socket.destroy()
})

/** A loopback port that completes no handshake: nobody accepts, and the queue of those that wait is full. */
async function startBlackhole(): Promise<{ readonly port: number } & AsyncDisposable> {
  const script = `
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
  `
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line)
  child.kill('SIGSTOP')
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await new Promise((resolve) => setTimeout(resolve, 300))
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) {
        socket.destroy()
      }
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
