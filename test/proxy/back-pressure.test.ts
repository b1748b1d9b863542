import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { converse } from '../bad-input/converse.js'
import { goodRequest } from '../bad-input/expect-refused.js'
import { post } from '../bad-input/post.js'
import { GOOD_ANSWER, startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { startTestProxy } from './start-test-proxy.js'

const MEBIBYTE = 1024 * 1024
/** What the kernel may hold of a stream on its two connections, generously. */
const IN_SOCKETS = 24 * MEBIBYTE

const PIECE = Buffer.from(`data: ${'x'.repeat(64 * 1024)}\n\n`)

/** Writes events as fast as they are taken. */
function flood(socket: Socket, onWritten: (bytes: number) => void, limit: number): void {
  let written = 0
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
  const more = () => {
    while (written < limit) {
      written += PIECE.length
      onWritten(PIECE.length)
      const chunk = Buffer.concat([Buffer.from(`${PIECE.length.toString(16)}\r\n`), PIECE, Buffer.from('\r\n')])
      if (!socket.write(chunk)) {
        socket.once('drain', more)
        return
      }
    }
    socket.write('0\r\n\r\n')
  }
  more()
}

test('a client that does not read stops the provider, and reads all of it later', async () => {
  const total = 128 * MEBIBYTE
  let written = 0
  await using upstream = await startRecordingUpstream((socket) =>
    flood(
      socket,
      (bytes) => {
        written += bytes
      },
      total,
    ),
  )
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const socket = await proxy.openInference()

  socket.write(goodRequest('Connection: close'))
  socket.pause()
  await expect.poll(() => written).toBeGreaterThan(0)
  let before = -1
  while (written !== before) {
    before = written
    await setTimeout(300)
  }
  const stoppedAt = written
  const heldBefore = process.memoryUsage().arrayBuffers

  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  socket.resume()
  await once(socket, 'close')

  expect(stoppedAt).toBeLessThan(IN_SOCKETS)
  expect(heldBefore).toBeLessThan(IN_SOCKETS)
  expect(received).toBeGreaterThan(total)
})

test('fifty clients that read a little now and then cost no memory to speak of', async () => {
  await using upstream = await startRecordingUpstream((socket) => flood(socket, () => {}, 64 * MEBIBYTE))
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const sockets = await Promise.all(Array.from({ length: 50 }, () => proxy.openInference()))
  for (const socket of sockets) {
    socket.on('error', () => {})
    socket.pause()
    socket.write(goodRequest())
  }
  await setTimeout(500)

  const sizes: number[] = []
  for (let round = 0; round < 10; round++) {
    for (const socket of sockets) {
      socket.read(1024)
    }
    await setTimeout(50)
    sizes.push(process.memoryUsage().arrayBuffers)
  }

  // Without back-pressure it is 3 GiB; how soon what is let go of is collected is not ours to say.
  expect(Math.max(...sizes)).toBeLessThan(256 * MEBIBYTE)
  for (const socket of sockets) {
    socket.destroy()
  }
  await expect.poll(() => upstream.open, { timeout: 5_000 }).toBe(0)
})

test('a provider that reads late is sent the content whole', async () => {
  const content = Buffer.from(`{"model":"m","x":"${'x'.repeat(16 * MEBIBYTE)}"}`)
  let received = 0
  const upstream = createServer({ pauseOnConnect: true }, (socket) => {
    void setTimeout(500).then(() => socket.resume())
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (chunk.subarray(-2).equals(Buffer.from('"}'))) {
        socket.end(GOOD_ANSWER)
      }
    })
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const { port } = upstream.address() as { port: number }
  await using proxy = await startTestProxy({ baseUrl: `http://127.0.0.1:${port}/v1` })

  const { answers, tookMs } = await converse(proxy, 'tunnel', post(content))

  expect(answers[0]?.status).toBe(200)
  expect(tookMs).toBeGreaterThan(450)
  expect(received).toBeGreaterThan(content.length)
  upstream.close()
})
