import { FAILURES } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { readProjectFile } from './source-files.js'

/** Rows of the tables in docs/errors.md: our code, status, the client's code, meaning, what to do. */
const rows = [
  ...readProjectFile('docs/errors.md').matchAll(
    /^\| `(ERR_[A-Z_]+)` \| (\d{3}) \| `([a-z_]+)` \| (.+?) \| (.+?) \|$/gm,
  ),
]
const documented = new Map(rows.map(([, code, status, clientCode]) => [code, [Number(status), clientCode]]))

test.each(Object.entries(FAILURES))(
  '%s is documented with its status and its client code',
  (code, [status, clientCode]) => {
    expect(documented.get(code)).toEqual([status, clientCode])
  },
)

test('nothing is documented that does not exist, or twice', () => {
  expect(rows.map(([, code]) => code).filter((code) => !(code! in FAILURES))).toEqual([])
  expect(documented.size).toBe(rows.length)
})

test('each says what it means and what to do', () => {
  for (const [, code, , , meaning = '', advice = ''] of rows) {
    expect(meaning.length, code).toBeGreaterThan(20)
    expect(advice.length, code).toBeGreaterThan(10)
  }
})
