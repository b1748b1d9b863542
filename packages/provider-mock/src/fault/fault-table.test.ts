import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FAULTS, type Fault } from './fault.js'

test('the README lists every model name with its meaning', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const table = /<!-- faults -->\n([\s\S]+?)<!-- \/faults -->/.exec(readme)?.[1]

  expect(table).toBe(['| name | parameter | what it does |', '|---|---|---|', ...FAULTS.map(row), ''].join('\n'))
})

test('no two faults share a name', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
})

function row({ name, parameter, summary }: Fault): string {
  const unit = parameter ? `${parameter.unit}, ${parameter.default}` : ''
  return `| \`mock/${name}\` | ${unit} | ${summary} |`
}
