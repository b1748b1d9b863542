import { expect, test } from 'vitest'
import { contentMediaType, parseMediaType } from './media-type.js'

const read = (value: string) => {
  const mediaType = parseMediaType(value)
  return mediaType && { type: mediaType.type, ...Object.fromEntries(mediaType.parameters) }
}

test.each([
  ['application/json', { type: 'application/json' }],
  ['Application/JSON; Charset=UTF-8', { type: 'application/json', charset: 'UTF-8' }],
  ['text/plain;a=b;c="d e"', { type: 'text/plain', a: 'b', c: 'd e' }],
  ['text/plain ; a="\\"\\\\"', { type: 'text/plain', a: '"\\' }],
  ['multipart/form-data; boundary="a:b c"', { type: 'multipart/form-data', boundary: 'a:b c' }],
  ['a/b; x=""', { type: 'a/b', x: '' }],
  ['a/b\t;\tx=y\t', { type: 'a/b', x: 'y' }],
])('reads %s', (value, expected) => {
  expect(read(value)).toEqual(expected)
})

test.each([
  '',
  'json',
  'a/',
  '/b',
  'a/b/c',
  'a b/c',
  'a/b, c/d',
  'a/b;',
  'a/b; x',
  'a/b; x=',
  'a/b; =y',
  'a/b; x = y',
  'a/b; x=y z',
  'a/b; x="y',
  'a/b; x=y"',
  'a/b; x="y"z',
  'a/b; x=y; x=z',
  'a/b; X=y; x=z',
  'a/b; x="\x01"',
  'a/b;; x=y',
  "multipart/form-data; boundary=A; boundary*=utf-8''B",
  'multipart/form-data; boundary=A; boundary*0=B',
  "application/json; charset=utf-8; charset*=utf-8''utf-16",
])('refuses %j', (value) => {
  expect(read(value)).toBeUndefined()
})

test('a field that is missing or repeated says nothing', () => {
  const field = ['Content-Type', 'a/b'] as const

  expect(contentMediaType([])).toBeUndefined()
  expect(contentMediaType([field])?.type).toBe('a/b')
  expect(contentMediaType([field, field])).toBeUndefined()
})
