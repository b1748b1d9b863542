import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { DEFAULT_ROUTE_TIMEOUTS } from '@nemoclaw/proxy-core'
import { describe, expect, test } from 'vitest'
import { startTestProxy, TEST_SECRET } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { converse, converseOn } from './converse.js'
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
      await expect.poll(() => upstream.open, { interval: 10 }).toBe(0)

      expect(performance.now() - leftAt).toBeLessThan(1_000)
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

describe('an answer that two parsers could frame differently gets 502 (class 105)', () => {
  const json = 'Content-Type: application/json\r\n'

  test.each([
    [
      'Content-Length and Transfer-Encoding',
      `HTTP/1.1 200 OK\r\n${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding and Content-Length',
      `HTTP/1.1 200 OK\r\n${json}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['two Content-Length', `HTTP/1.1 200 OK\r\n${json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['two Content-Length that agree', `HTTP/1.1 200 OK\r\n${json}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
    ['a Content-Length list', `HTTP/1.1 200 OK\r\n${json}Content-Length: 2, 2\r\n\r\n{}`],
    ['a negative Content-Length', `HTTP/1.1 200 OK\r\n${json}Content-Length: -2\r\n\r\n{}`],
    ['a hexadecimal Content-Length', `HTTP/1.1 200 OK\r\n${json}Content-Length: 0x2\r\n\r\n{}`],
    ['an unknown Transfer-Encoding', `HTTP/1.1 200 OK\r\n${json}Transfer-Encoding: identity\r\n\r\n{}`],
    [
      'chunked twice',
      `HTTP/1.1 200 OK\r\n${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'chunked, then something',
      `HTTP/1.1 200 OK\r\n${json}Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['NUL in a value', `HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}`],
    ['a control character in a value', `HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 2\r\n\r\n{}`],
    ['a bare CR in a value', `HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}`],
    ['bare LF line ends', `HTTP/1.1 200 OK\nContent-Length: 2\n\n{}`],
    ['a space in a name', `HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 2\r\n\r\n{}`],
    ['a space before a colon', `HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}`],
    ['a folded line', `HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`],
    ['no status', `HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`],
    ['the status 000', `HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\n{}`],
    ['the status 099', `HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\n{}`],
    ['the status 20', `HTTP/1.1 20 X\r\nContent-Length: 2\r\n\r\n{}`],
    ['the status 2000', `HTTP/1.1 2000 X\r\nContent-Length: 2\r\n\r\n{}`],
    ['the status 999', `HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\n{}`],
    ['HTTP/0.9', '{"ok":true}'],
    ['ICY', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x28'],
    ['a head of 1 MB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}\r\nContent-Length: 2\r\n\r\n{}`],
    ['10,000 fields', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}Content-Length: 2\r\n\r\n{}`],
    ['nothing, and the end', ''],
    ['half a head, and the end', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('%s', async (_what, answer) => {
    await using upstream = await startRecordingUpstream((socket) => void socket.end(Buffer.from(answer, 'latin1')))
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers, wire.slice(0, 300)).toEqual([expect.objectContaining({ status: 502 })])
    expect(['upstream_protocol_error', 'upstream_connection_failed']).toContain(answers[0]?.code)
    expect(wire + JSON.stringify(proxy.events)).not.toContain(TEST_SECRET)
    await expect.poll(() => upstream.open).toBe(0)
  })

  test('content behind the status 204 is not passed on, and poisons nobody', async () => {
    let answered = 0
    await using upstream = await startRecordingUpstream((socket) => {
      socket.write(answered++ === 0 ? 'HTTP/1.1 204 No Content\r\n\r\n{"evil":true}' : GOOD_ANSWER)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const first = await converse(proxy, 'tunnel', goodRequest('Connection: close'))
    const second = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(first.answers[0]).toMatchObject({ status: 204, content: '' })
    expect(first.wire + second.wire).not.toContain('evil')
    expect(second.answers[0]?.status).toBe(200)
  })

  test.each([
    ['a second answer', GOOD_ANSWER.replace('"x"', '"evil"')],
    ['bytes', 'evil evil evil'],
    ['half an answer', 'HTTP/1.1 200 OK\r\nX-Evil: evil\r\n'],
  ])('%s behind an answer is given to nobody', async (_what, behind) => {
    let answered = 0
    await using upstream = await startRecordingUpstream((socket) => {
      socket.write(answered++ === 0 ? GOOD_ANSWER + behind : GOOD_ANSWER)
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const first = await converse(proxy, 'tunnel', goodRequest('Connection: close'))
    const second = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(first.answers[0]).toMatchObject({ status: 200, whole: true })
    expect(first.wire + second.wire).not.toContain('evil')
    expect(second.answers[0]).toMatchObject({ status: 200, whole: true })
  })
})

test('the framing of an answer is ours: one of Content-Length and Transfer-Encoding, once (class 106)', async () => {
  for (const answer of [GOOD_ANSWER, `${SSE_HEAD}${chunk(EVENT)}0\r\n\r\n`]) {
    await using upstream = await startRecordingUpstream(answer)
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    const framing = (answers[0]?.fields ?? []).filter(([name]) => /^(?:content-length|transfer-encoding)$/.test(name))
    expect(framing).toHaveLength(1)
    expect(answers[0]?.fields.filter(([name]) => name === 'connection')).toHaveLength(1)
  }
})

describe('interim and upgrading answers (class 107)', () => {
  test.each([
    ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n'],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['a few of them', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(20)],
  ])('%s before the answer is not passed on', async (_what, interim) => {
    await using upstream = await startRecordingUpstream(interim + GOOD_ANSWER)
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const conversation = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(conversation.interim).toEqual([])
    expect(conversation.answers[0]).toMatchObject({ status: 200, whole: true })
    expect(conversation.wire).not.toMatch(/link:/i)
  })

  test.each([
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nevil'],
    ['101 to h2c', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nevil'],
    ['101 without Upgrade', `HTTP/1.1 101 X\r\n\r\n${GOOD_ANSWER}`],
    ['100 nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${GOOD_ANSWER}`],
  ])('%s is a 502, or ignored', async (_what, answer) => {
    await using upstream = await startRecordingUpstream(answer)
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect([200, 502]).toContain(answers[0]?.status)
    expect(wire).not.toMatch(/evil|HTTP\/1\.1 1\d\d/)
  })

  test('a flood of them ends with the limit for the first byte', async () => {
    await using upstream = await startRecordingUpstream((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(100)), 10)
      socket.on('close', () => clearInterval(timer))
    })
    const timeouts = { ...DEFAULT_ROUTE_TIMEOUTS, firstByteTimeoutMs: 500 }
    await using proxy = await startTestProxy({ baseUrl: upstream.url, timeouts })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect([502, 504]).toContain(answers[0]?.status)
    await expect.poll(() => upstream.open).toBe(0)
  })
})

describe('nothing is upgraded (class 110)', () => {
  test.each([
    [['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA']],
    [
      [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
      ],
    ],
    [['Upgrade: TLS/1.2, HTTP/1.1', 'Connection: upgrade']],
    [['Connection: close, upgrade', 'Upgrade: h2c']],
    [['Upgrade: h2c']],
  ])('%j: served as what it is, the fields end here', async (fields) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, interim } = await converse(proxy, 'tunnel', goodRequest(...fields), { waitMs: 300 })

    expect(interim).toEqual([])
    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).not.toMatch(/upgrade|http2-settings|sec-websocket/i)
  })
})
