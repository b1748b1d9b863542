import { expect, test } from 'vitest'
import { wantsJson } from './wants-json.js'

test.each([[['--json']], [['-o', 'json']], [['-ojson']], [['-o=json']], [['--output', 'json']], [['--output=json']]])(
  '%j asks for JSON',
  (argv) => {
    expect(wantsJson(['provider', 'list', ...argv])).toBe(true)
  },
)

test.each([[['-o', 'yaml']], [['json']], [['--', '--json']], [['--', '-o', 'json']]])('%j does not', (argv) => {
  expect(wantsJson(['provider', 'list', ...argv])).toBe(false)
})
