import { setTimeout } from 'node:timers/promises'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { expectRefused, expectServed } from './expect-refused.js'
import { post } from './post.js'
import { startRecordingUpstream } from './recording-upstream.js'

const MEBIBYTE = 1024 * 1024
const LIMIT = 32 * MEBIBYTE
const CONTENT = '{"model":"a","messages":["größe"]}'
const ROUTED = CONTENT.replace('"a"', '"mock/echo"')
const TOO_LARGE = { status: 413, code: 'content_too_large' }

/** JSON of exactly so many bytes. */
function jsonOf(bytes: number): Buffer {
  const content = Buffer.alloc(bytes, 0x61)
  content.write('{"model":"a","x":"')
  content.write('"}', bytes - 2)
  return content
}

function chunked(content: Buffer, chunkBytes: number): Buffer {
  const pieces: Buffer[] = [
    Buffer.from(
      'POST /v1/chat/completions HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
    ),
  ]
  for (let at = 0; at < content.length; at += chunkBytes) {
    const piece = content.subarray(at, at + chunkBytes)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}

describe('compressed content is decoded within the limit, or refused (class 92)', () => {
  test.each<[string, (content: string) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (content) => Buffer.from(content)],
    ['gzip, identity', gzipSync],
  ])('%s is sent on plain', async (coding, compress) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const fields = [`Content-Encoding: ${coding}`]
    const { answers } = await converse(proxy, 'tunnel', post(compress(CONTENT), { fields }))

    expect(answers[0]?.status).toBe(200)
    expect(Buffer.from(upstream.bytes.split('\r\n\r\n')[1] ?? '', 'latin1').toString()).toBe(ROUTED)
    expect(upstream.bytes).not.toMatch(/content-encoding/i)
    expect(upstream.bytes).toContain(`\r\ncontent-length: ${Buffer.byteLength(ROUTED)}\r\n`)
  })

  test.each<[string, Buffer]>([
    ['gzip, gzip', gzipSync(gzipSync(CONTENT))],
    ['gzip, br', brotliCompressSync(gzipSync(CONTENT))],
    ['gzip\r\nContent-Encoding: gzip', gzipSync(gzipSync(CONTENT))],
    ['compress', Buffer.from(CONTENT)],
    ['dcb', Buffer.from(CONTENT)],
    ['aes128gcm', Buffer.from(CONTENT)],
    ['utf-8', Buffer.from(CONTENT)],
    ['chunked', Buffer.from(CONTENT)],
    ['constructor', Buffer.from(CONTENT)],
    ['__proto__', Buffer.from(CONTENT)],
    ['tostring', Buffer.from(CONTENT)],
    ['', Buffer.from(CONTENT)],
    ['gzip;q=1', gzipSync(CONTENT)],
    ['*', gzipSync(CONTENT)],
  ])('%j gets 415', async (coding, content) => {
    const bytes = post(content, { fields: [`Content-Encoding: ${coding}`] })
    await expectRefused('tunnel', bytes, { status: 415, code: 'unsupported_media_type' })
  })

  test.each<[string, string, Buffer]>([
    ['plain text', 'gzip', Buffer.from(CONTENT)],
    ['nothing', 'gzip', Buffer.alloc(0)],
    ['half of it', 'gzip', gzipSync(CONTENT).subarray(0, 30)],
    ['a wrong checksum', 'gzip', Buffer.concat([gzipSync(CONTENT).subarray(0, -8), Buffer.alloc(8)])],
    ['deflate', 'gzip', deflateSync(CONTENT)],
    ['gzip', 'br', gzipSync(CONTENT)],
    ['raw deflate', 'deflate', deflateRawSync(CONTENT)],
    ['half of it', 'br', brotliCompressSync(CONTENT).subarray(0, 20)],
    ['what is no JSON', 'gzip', gzipSync('[]')],
  ])('%s called %s gets 400', async (_what, coding, content) => {
    const bytes = post(content, { fields: [`Content-Encoding: ${coding}`] })
    await expectRefused('tunnel', bytes, { status: 400, code: 'invalid_request' })
  })

  test.each<[string, (content: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('a bomb of %s gets 413 and is not unpacked beyond the limit', async (coding, compress) => {
    const bomb = compress(Buffer.alloc(LIMIT * 4, 0x20))
    const before = process.memoryUsage.rss()

    await expectRefused('tunnel', post(bomb, { fields: [`Content-Encoding: ${coding}`] }), TOO_LARGE)

    expect(process.memoryUsage.rss() - before).toBeLessThan(LIMIT * 6)
  })

  test('a bomb in many gzip members gets 413', async () => {
    const member = gzipSync(Buffer.alloc(MEBIBYTE, 0x20))
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member))
    await expectRefused('tunnel', post(bomb, { fields: ['Content-Encoding: gzip'] }), TOO_LARGE)
  })
})

describe('the size of a content (class 93)', () => {
  test('0 bytes get 400', async () => {
    await expectRefused('tunnel', post(''), { status: 400 })
  })

  test('exactly the limit is served, byte for byte, announced or chunked', async () => {
    const content = jsonOf(LIMIT)
    for (const bytes of [post(content), chunked(content, 100_000)]) {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', bytes, { waitMs: 20_000 })

      expect(answers[0]?.status).toBe(200)
      const received = Buffer.from(upstream.bytes, 'latin1')
      const sent = received.subarray(received.indexOf('\r\n\r\n') + 4)
      expect(sent.equals(Buffer.from(content.toString('latin1').replace('"a"', '"mock/echo"'), 'latin1'))).toBe(true)
    }
  })

  test('one byte more gets 413, which the client reads though it is still sending', async () => {
    const content = jsonOf(LIMIT + 1)
    for (const bytes of [post(content), chunked(content, 100_000)]) {
      await expectRefused('tunnel', bytes, TOO_LARGE, { waitMs: 20_000 })
    }
  })

  test('100 MB get 413, which the client reads though it is still sending', async () => {
    await expectRefused('tunnel', post(jsonOf(100 * MEBIBYTE)), TOO_LARGE, { waitMs: 20_000 })
  })

  test('a client that is refused while it sends may send on for a while, and is not reset', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()
    const errors: Error[] = []
    socket.on('error', (error) => errors.push(error))
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk
    })
    socket.allowHalfOpen = true

    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\nContent-Length: ${LIMIT * 4}\r\n\r\n`,
    )
    for (let piece = 0; piece < 20; piece++) {
      socket.write(Buffer.alloc(64 * 1024))
      await setTimeout(20)
    }

    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(errors).toEqual([])
    socket.destroy()
  })

  test.each([
    ['2^40', '1099511627776'],
    ['2^53', '9007199254740992'],
    ['16 digits', '9999999999999999'],
  ])('%s bytes announced get 413 before one is sent', async (_what, length) => {
    const bytes = `POST /v1/chat/completions HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`
    await expectRefused('tunnel', bytes, TOO_LARGE)
  })

  test('the limit can be set', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { maxContentBytes: 1_000 })

    expect((await converse(proxy, 'tunnel', post(jsonOf(1_000)))).answers[0]?.status).toBe(200)
    expect((await converse(proxy, 'tunnel', post(jsonOf(1_001)))).answers[0]?.status).toBe(413)
    const bomb = post(gzipSync(jsonOf(1_001)), { fields: ['Content-Encoding: gzip'] })
    expect((await converse(proxy, 'tunnel', bomb)).answers[0]?.status).toBe(413)
  })
})

describe('content that is not what was announced is never forwarded (class 94)', () => {
  const announcing = (length: number, content: string) =>
    `POST /v1/chat/completions HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${content}`

  test('less, and then the end: 400', async () => {
    await expectRefused('tunnel', announcing(40, '{"model":"a"}'), { status: 400 }, { halfClose: true })
  })

  test('less, and JSON that is whole already: 400', async () => {
    await expectRefused('tunnel', announcing(14, '{"model":"a"}'), { status: 400 }, { halfClose: true })
  })

  test('a last chunk that never comes: 400', async () => {
    const bytes = chunked(Buffer.from('{"model":"a"}'), 100).subarray(0, -5)
    await expectRefused('tunnel', bytes, { status: 400 }, { halfClose: true })
  })

  test('less, and then a reset: nothing upstream, nothing left open', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const socket = await proxy.openInference()

    socket.write(announcing(40, '{"model":"a"}'))
    await setTimeout(100)
    socket.destroy()

    await expect.poll(() => proxy.proxy.exchangeCount).toBe(0)
    expect(upstream.bytes).toBe('')
    await expectServed(proxy, upstream)
  })

  test('less, and then silence: 408 when the time is up', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { limits: { contentIdleTimeoutMs: 200 } })

    const { answers, endedBy } = await converse(proxy, 'tunnel', announcing(40, '{"model":"a"}'))

    expect(answers[0]).toMatchObject({ status: 408, code: 'request_timeout' })
    expect(endedBy).toBe('proxy')
    expect(upstream.bytes).toBe('')
  })

  test('more: what is too much is no request, and the first is answered', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, endedBy } = await converse(proxy, 'tunnel', announcing(13, '{"model":"a"},"x":1}'))

    expect(answers.map(({ status }) => status)).toEqual([200, 400])
    expect(endedBy).toBe('proxy')
    expect(upstream.bytes.split('\r\n\r\n')[1]).toBe('{"model":"mock/echo"}')
  })
})
