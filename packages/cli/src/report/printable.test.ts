import { expect, test } from 'vitest'
import { printable, printableLine } from './printable.js'

test('escapes what a terminal would act on', () => {
  expect(printable('a\u001b[31mred\u009b\u007f\t')).toBe('a\\u001b[31mred\\u009b\\u007f\\u0009')
})

test('escapes what turns text around', () => {
  expect(printable('abc\u202edcba')).toBe('abc\\u202edcba')
})

test('keeps line feeds, unless it is for one line', () => {
  expect(printable('a\nb')).toBe('a\nb')
  expect(printableLine('a\nb')).toBe('a\\nb')
})

test('leaves other letters alone', () => {
  expect(printable('Zürich 東京 ✓')).toBe('Zürich 東京 ✓')
})
