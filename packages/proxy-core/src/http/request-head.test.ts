import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { announcesContent, checkRequestHead } from './request-head.js'

const head = (rawHeaders: readonly string[], { httpVersion = '1.1', url = '/' } = {}) =>
  checkRequestHead({ httpVersion, url, rawHeaders: [...rawHeaders] } as IncomingMessage)

test('gives the fields as they came', () => {
  expect(head(['Host', 'a', 'X', '1', 'x', '2'])).toEqual([
    ['Host', 'a'],
    ['X', '1'],
    ['x', '2'],
  ])
})

test.each([
  [['Content-Length', '0']],
  [['Content-Length', '17']],
  [['Transfer-Encoding', 'chunked']],
  [['Expect', '100-continue']],
])('accepts %j', (fields) => {
  expect(() => head(fields)).not.toThrow()
})

test.each([
  [['Content-Length', '017']],
  [['Content-Length', '+1']],
  [['Content-Length', '1, 1']],
  [['Content-Length', '']],
  [['Content-Length', '12345678901234567']],
  [['Content-Length', '1', 'content-length', '1']],
  [['Content-Length', '1', 'Transfer-Encoding', 'chunked']],
  [['Transfer-Encoding', 'Chunked']],
  [['Transfer-Encoding', 'gzip, chunked']],
  [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
  [['Host', 'a', 'host', 'a']],
])('refuses %j', (fields) => {
  expect(() => head(fields)).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED', status: 400 }))
})

test('refuses other versions, and Transfer-Encoding on HTTP/1.0', () => {
  expect(() => head([], { httpVersion: '2.0' })).toThrow(expect.objectContaining({ code: 'ERR_HTTP_VERSION' }))
  expect(() => head([], { httpVersion: '0.9' })).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED' }))
  expect(() => head([], { httpVersion: '1.0' })).not.toThrow()
  expect(() => head(['Transfer-Encoding', 'chunked'], { httpVersion: '1.0' })).toThrow(
    expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED' }),
  )
})

test('bounds the target and the number of fields', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, index) => [`x${index}`, '']).flat()

  expect(() => head(fields(128), { url: 'x'.repeat(8_192) })).not.toThrow()
  expect(() => head(fields(129))).toThrow(expect.objectContaining({ code: 'ERR_HEAD_TOO_LARGE' }))
  expect(() => head([], { url: 'x'.repeat(8_193) })).toThrow(expect.objectContaining({ code: 'ERR_TARGET_TOO_LONG' }))
})

test('meets no expectation but 100-continue, and none of HTTP/1.0', () => {
  expect(() => head(['Expect', '100-Continue'])).not.toThrow()
  expect(() => head(['Expect', '100-continue, x'])).toThrow(expect.objectContaining({ code: 'ERR_EXPECTATION_FAILED' }))
  expect(() => head(['Expect', 'x'], { httpVersion: '1.0' })).not.toThrow()
})

test('knows whether content is announced', () => {
  expect(announcesContent([])).toBe(false)
  expect(announcesContent([['content-length', '0']])).toBe(false)
  expect(announcesContent([['content-length', '1']])).toBe(true)
  expect(announcesContent([['transfer-encoding', 'chunked']])).toBe(true)
})
