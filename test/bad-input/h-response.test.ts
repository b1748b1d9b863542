import { DEFAULT_ROUTE_TIMEOUTS } from '@nemoclaw/proxy-core'
import { describe, expect, test } from 'vitest'
import { startTestProxy, TEST_SECRET } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { goodRequest } from './expect-refused.js'
import { GOOD_ANSWER, startRecordingUpstream } from './recording-upstream.js'

const SSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (content: string) => `${Buffer.byteLength(content, 'latin1').toString(16)}\r\n${content}\r\n`
const EVENT = 'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'

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
