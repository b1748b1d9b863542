import { expect, test } from 'vitest'
import { sessionLog } from './session-log.js'

test('lines that could not be written are counted, and told as soon as one can be', () => {
  const written: string[] = []
  let isStalled = false
  const log = sessionLog((line) => {
    if (!isStalled) written.push(line)
    return !isStalled
  }, 'json')

  log.tell({ kind: 'lifecycle', action: 'stopped' })
  isStalled = true
  for (let count = 0; count < 3; count++) log.tell({ kind: 'config', action: 'applied', detail: 'version 1' })
  isStalled = false
  log.tell({ kind: 'lifecycle', action: 'stopped' })
  log.tell({ kind: 'lifecycle', action: 'stopped' })

  expect(written.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ action: 'stopped' }),
    expect.objectContaining({ action: 'lines_lost', lines: 3 }),
    expect.objectContaining({ action: 'stopped' }),
    expect.objectContaining({ action: 'stopped' }),
  ])
})

test('a hint is for a person: no line of JSON', () => {
  const written: string[] = []
  const output = (line: string) => written.push(line) > 0

  sessionLog(output, 'json').hint('eval "$(nemoclaw env)"')
  sessionLog(output, 'text').hint('eval "$(nemoclaw env)"')

  expect(written).toEqual(['eval "$(nemoclaw env)"'])
})
