import { expect, test } from 'vitest'
import type { FieldList } from '../http/field-list.js'
import type { UpstreamResponse } from '../upstream/send-upstream.js'
import { checkResponse } from './check-response.js'

const check = (status: number, fields: FieldList = []) => checkResponse({ status, fields } as UpstreamResponse)

test.each([200, 201, 204, 400, 401, 403, 404, 429, 500, 503, 529, 599])('%i passes', (status) => {
  expect(() => check(status)).not.toThrow()
})

test.each([300, 301, 302, 303, 304, 307, 308, 399])('%i would lead elsewhere', (status) => {
  expect(() => check(status)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_REDIRECT', status: 502 }))
})

test.each([0, 99, 101, 199, 407, 600, 999])('%i means nothing here', (status) => {
  expect(() => check(status)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_PROTOCOL', status: 502 }))
})

test.each<[FieldList]>([
  [[['Content-Length', '5']]],
  [[['content-length', '0005']]],
  [[['Transfer-Encoding', 'Chunked']]],
  [[]],
])('%j frames it', (fields) => {
  expect(() => check(200, fields)).not.toThrow()
})

test.each<[FieldList]>([
  [
    [
      ['Content-Length', '5'],
      ['content-length', '5'],
    ],
  ],
  [[['Content-Length', '5, 5']]],
  [[['Content-Length', '-5']]],
  [
    [
      ['Content-Length', '5'],
      ['Transfer-Encoding', 'chunked'],
    ],
  ],
  [[['Transfer-Encoding', 'gzip, chunked']]],
  [[['Transfer-Encoding', 'identity']]],
])('%j frames it in two ways', (fields) => {
  expect(() => check(200, fields)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_PROTOCOL' }))
})

test('a header of more than 256 fields is refused', () => {
  const fields = Array.from({ length: 257 }, (_, index) => [`x${index}`, ''] as const)

  expect(() => check(200, fields.slice(1))).not.toThrow()
  expect(() => check(200, fields)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_PROTOCOL' }))
})
