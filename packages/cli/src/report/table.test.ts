import { expect, test } from 'vitest'
import { details, table } from './table.js'

test('aligns columns and leaves no space at the ends of lines', () => {
  expect(
    table(
      ['NAME', 'TYPE'],
      [
        ['a', 'nvidia'],
        ['longer', 'x'],
      ],
    ),
  ).toBe('NAME    TYPE\na       nvidia\nlonger  x')
})

test('shows an empty cell as a dash, so that columns can be counted', () => {
  expect(table(['A', 'B'], [['', 'x']])).toBe('A  B\n-  x')
})

test('keeps a cell with a line feed or an escape sequence on its line', () => {
  expect(table(['A'], [['x\n\u001b[2J']])).toBe('A\nx\\n\\u001b[2J')
})

test('measures characters, not UTF-16 units', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['🦀', 'x'],
        ['ab', 'y'],
      ],
    ),
  ).toBe('A   B\n🦀   x\nab  y')
})

test('puts several values of a detail below each other', () => {
  expect(
    details([
      ['Name', 'a'],
      ['Routes', ['x', 'y']],
      ['None', []],
    ]),
  ).toBe('Name:    a\nRoutes:  x\n         y\nNone:    -')
})
