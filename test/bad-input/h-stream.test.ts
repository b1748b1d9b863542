import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { converse, converseOn } from './converse.js'
import { goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const SSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (content: string) => `${Buffer.byteLength(content, 'latin1').toString(16)}\r\n${content}\r\n`
const EVENT = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'

describe('a client that leaves takes its request along within a second (class 100)', () => {
  const STATES = {
    'before the head': '',
    'behind the head': SSE_HEAD,
    'in the middle of the stream': SSE_HEAD + chunk(EVENT),
    'in the middle of JSON': 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  }

  for (const [manner, leave] of [
    ['closes', (socket: import('node:net').Socket) => socket.destroy()],
    ['says good-bye and closes', (socket: import('node:net').Socket) => void socket.end(() => socket.destroy())],
  ] as const) {
    test.each(Object.entries(STATES))(`one that ${manner} %s, while the provider is silent`, async (_what, answer) => {
      await using upstream = await startRecordingUpstream((socket) => void (answer && socket.write(answer)))
      await using proxy = await startTestProxy({ baseUrl: upstream.url })
      const socket = await proxy.openInference()

      socket.write(goodRequest())
      await expect.poll(() => upstream.bytes).toContain('"messages":[]')
      await setTimeout(100)
      const leftAt = performance.now()
      leave(socket)
      await expect.poll(() => upstream.open, { interval: 10, timeout: 8_000 }).toBe(0)

      expect(performance.now() - leftAt).toBeLessThan(8_000)
      await expect.poll(() => proxy.proxy.exchangeCount).toBe(0)
      expect(proxy.events.at(-1)).toMatchObject({ outcome: 'client_aborted' })
    })
  }

  test('one that only closes its side for writing still gets its answer', async () => {
    await using upstream = await startRecordingUpstream(async (socket) => {
      await setTimeout(800)
      socket.write(SSE_HEAD + chunk(EVENT))
      await setTimeout(800)
      socket.write(`${chunk('data: [DONE]\n\n')}0\r\n\r\n`)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, endedBy } = await converse(proxy, 'tunnel', goodRequest(), { halfClose: true })

    expect(answers[0]).toMatchObject({ status: 200, whole: true })
    expect(endedBy).toBe('proxy')
  })
})

describe('an event stream comes out byte for byte (class 102)', () => {
  const STREAMS: Readonly<Record<string, string>> = {
    'LF line ends': `${EVENT}data: [DONE]\n\n`,
    'CRLF line ends': EVENT.replaceAll('\n', '\r\n').repeat(3),
    'CR line ends': EVENT.replaceAll('\n', '\r').repeat(3),
    'mixed line ends': 'data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\n\n',
    'no empty line at the end': `${EVENT}data: {"x":1}`,
    'no line end at all': 'data: x',
    'comments and pings': ': ping\n\n:\n\nevent: ping\ndata: {}\n\n: again\n',
    'no [DONE]': EVENT.repeat(5),
    'a byte order mark': `\xef\xbb\xbf${EVENT}`,
    'ids and retries': 'id: 1\nretry: 3000\nevent: x\ndata: 1\ndata: 2\n\n',
    'what is no JSON': 'data: {"broken\n\ndata: \xff\xfe\n\ndata: \0\n\nfoo\n\n',
    'UTF-8 and an emoji': `data: ${Buffer.from('größe 🦙').toString('latin1')}\n\n`,
    'many empty lines': '\n\n\n\n\r\n\r\n\r\r\rdata: x\n\n\n',
    'an error event and more': `data: {"error":{}}\n\n${EVENT}`,
    nothing: '',
  }

  test.each(Object.entries(STREAMS))('%s, in one piece and byte by byte', async (_what, stream) => {
    for (const pieces of [[stream], [...stream]]) {
      await using upstream = await startRecordingUpstream(async (socket) => {
        socket.write(SSE_HEAD)
        for (const piece of pieces) {
          socket.write(Buffer.from(piece && chunk(piece), 'latin1'))
          await new Promise(setImmediate)
        }
        socket.write('0\r\n\r\n')
      })
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

      expect(answers[0]).toMatchObject({ status: 200, whole: true, content: stream })
    }
  })

  test('an event of 10 MB', async () => {
    const stream = `data: ${'x'.repeat(10_000_000)}\n\n${EVENT}`
    await using upstream = await startRecordingUpstream(
      (socket) => void socket.write(`${SSE_HEAD}${chunk(stream)}0\r\n\r\n`),
    )
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]?.whole).toBe(true)
    expect(answers[0]?.content === stream).toBe(true)
  })

  test('events come one by one, as they are sent', async () => {
    await using upstream = await startRecordingUpstream(async (socket) => {
      socket.write(SSE_HEAD)
      for (let event = 0; event < 5; event++) {
        socket.write(chunk(`data: ${event}\n\n`))
        await setTimeout(100)
      }
      socket.write('0\r\n\r\n')
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()
    const arrivals: number[] = []
    socket.on('data', (bytes: Buffer) => bytes.includes('data: ') && arrivals.push(performance.now()))

    await converseOn(socket, goodRequest('Connection: close'))

    expect(arrivals).toHaveLength(5)
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(300)
  })
})

describe('compressed answers pass as they are (classes 103 and 104)', () => {
  test.each([
    ['gzip', gzipSync('{"ok":true}').toString('latin1')],
    ['gzip', 'no gzip at all'],
    ['br', gzipSync('{"ok":true}').toString('latin1')],
    [Array.from({ length: 1_000 }, () => 'gzip').join(', '), 'x'],
    ['gzip', gzipSync(Buffer.alloc(10_000_000)).toString('latin1')],
    ['unheard-of', 'x'],
  ])('%.20s', async (coding, content) => {
    await using upstream = await startRecordingUpstream((socket) => {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: ${content.length}\r\n\r\n`
      socket.write(Buffer.from(head + content, 'latin1'))
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close', 'Accept-Encoding: gzip, zstd'))

    expect(answers[0]).toMatchObject({ status: 200, whole: true, content })
    expect(fieldsNamed(answers[0], 'content-encoding')).toEqual([coding])
    expect(upstream.bytes).toContain('\r\naccept-encoding: gzip, zstd\r\n')
  })

  test('a compressed event stream too, and what breaks in it is aborted without an event nobody could read', async () => {
    const content = gzipSync(EVENT.repeat(3)).toString('latin1')
    for (const end of ['0\r\n\r\n', undefined]) {
      await using upstream = await startRecordingUpstream((socket) => {
        socket.write(
          Buffer.from(SSE_HEAD.replace('\r\n\r\n', '\r\nContent-Encoding: gzip\r\n\r\n') + chunk(content), 'latin1'),
        )
        end === undefined ? setTimeout(50).then(() => socket.destroy()) : socket.write(end)
      })
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

      expect(answers[0]).toMatchObject({ status: 200, whole: end !== undefined, content })
    }
  })
})
