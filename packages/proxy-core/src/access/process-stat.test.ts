import { expect, test } from 'vitest'
import { parseProcessStat, readProcessStat } from './process-stat.js'

const line = (name: string, state = 'S', threads = 1) =>
  `4242 (${name}) ${state} 17 4240 99 34816 4242 4194304 100 0 0 0 1 2 3 4 20 0 ${threads} 0 5550123 9000000 300 1844\n`

test('reads parent, session and start', () => {
  expect(parseProcessStat(line('curl'))).toEqual({
    pid: 4242,
    parent: 17,
    session: 99,
    startTicks: 5550123,
    isDead: false,
  })
})

test('a name cannot pass for the fields behind it', () => {
  for (const name of ['a b', 'a) S 1 (b', ') R 1 1 1', '', '((', '))', 'a\nb) S 1 1']) {
    expect(parseProcessStat(line(name)), name).toMatchObject({ parent: 17, startTicks: 5550123 })
  }
})

test('a process is dead when all its threads are', () => {
  expect(parseProcessStat(line('a', 'Z'))?.isDead).toBe(true)
  expect(parseProcessStat(line('a', 'Z', 3))?.isDead).toBe(false)
  expect(parseProcessStat(line('Z', 'S'))?.isDead).toBe(false)
})

test('what is not such a line is nothing', () => {
  for (const text of ['', 'nonsense', '1 (a) S', '1 a S 17 4240 99']) {
    expect(parseProcessStat(text), text).toBeUndefined()
  }
})

test.runIf(process.platform === 'linux')('reads the own process', () => {
  expect(readProcessStat(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid, isDead: false })
  expect(readProcessStat(2 ** 30)).toBeUndefined()
})
