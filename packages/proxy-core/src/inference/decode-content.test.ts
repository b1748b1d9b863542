import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeContent } from './decode-content.js'

const CONTENT = Buffer.from('{"model":"m"}')
const decode = (content: Buffer, coding: string, limit = 1_000) =>
  decodeContent(content, [['Content-Encoding', coding]], limit)

test('leaves plain content alone, the same bytes', async () => {
  expect(await decodeContent(CONTENT, [], 1)).toBe(CONTENT)
  expect(await decode(CONTENT, 'identity')).toBe(CONTENT)
})

test.each([
  ['gzip', gzipSync(CONTENT)],
  ['X-Gzip', gzipSync(CONTENT)],
  ['deflate', deflateSync(CONTENT)],
  ['br', brotliCompressSync(CONTENT)],
])('undoes %s', async (coding, content) => {
  expect(await decode(content, coding)).toEqual(CONTENT)
})

test.each(['compress', 'gzip, gzip', 'constructor', '__proto__', 'valueof', ''])('does not read %j', async (coding) => {
  await expect(decode(CONTENT, coding)).rejects.toMatchObject({ code: 'ERR_CONTENT_TYPE_UNSUPPORTED', status: 415 })
})

test('stops at the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(1_001))

  await expect(decode(bomb, 'gzip')).rejects.toMatchObject({ code: 'ERR_CONTENT_TOO_LARGE', status: 413 })
  expect(await decode(gzipSync(Buffer.alloc(1_000)), 'gzip')).toHaveLength(1_000)
})

test('refuses content that is not what it says', async () => {
  await expect(decode(CONTENT, 'gzip')).rejects.toMatchObject({ code: 'ERR_REQUEST_MALFORMED', status: 400 })
  await expect(decode(gzipSync(CONTENT).subarray(0, 20), 'gzip')).rejects.toMatchObject({ status: 400 })
})
