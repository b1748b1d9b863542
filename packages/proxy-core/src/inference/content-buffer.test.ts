import { expect, test } from 'vitest'
import { ContentBuffer } from './content-buffer.js'

const fill = (buffer: ContentBuffer, ...pieces: readonly string[]) => {
  for (const piece of pieces) {
    buffer.push(Buffer.from(piece))
  }
  return buffer.content().toString()
}

test('is the pieces in order', () => {
  expect(fill(new ContentBuffer(5), 'ab', '', 'c', 'de')).toBe('abcde')
  expect(fill(new ContentBuffer(), 'ab', 'c')).toBe('abc')
  expect(fill(new ContentBuffer(0))).toBe('')
})

test('holds more than was expected', () => {
  expect(fill(new ContentBuffer(2), 'abc', 'def')).toBe('abcdef')
})

test('a million pieces of one byte take little more room than their sum', () => {
  const buffer = new ContentBuffer()
  const piece = Buffer.from('x')
  for (let count = 0; count < 1_000_000; count++) {
    buffer.push(piece)
  }

  expect(buffer.length).toBe(1_000_000)
  expect(buffer.content().buffer.byteLength).toBeLessThan(2_100_000)
})
