import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import { finished, startScript } from './run-script.js'
import { temporaryDirectory } from './temporary-directory.js'

const UPDATE_CONFIG = new URL('./update-config.mjs', import.meta.url)
const PROCESSES = 20

test('loses no update of 20 processes at once', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/nemoclaw`

  const processes = Array.from({ length: PROCESSES }, (_, index) =>
    finished(startScript(UPDATE_CONFIG, [path, `p${index}`, '5'])),
  )

  for (const { code, stderr } of await Promise.all(processes)) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const document = await new LocalConfigStore({ directory: path }).read()
  expect(document.version).toBe(PROCESSES * 5)
  expect(Object.keys(document.providers)).toHaveLength(PROCESSES * 5)
})

test('keeps every update that a process reported, where half of them are killed at random moments', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/nemoclaw`

  const processes = Array.from({ length: PROCESSES }, (_, index) => {
    const child = startScript(UPDATE_CONFIG, [path, `p${index}`, index % 2 === 0 ? '1000000' : '20'])
    const end = finished(child)
    // Those that never end by themselves are killed while they write, one after the other.
    if (index % 2 === 0) void delay(1_000 + Math.random() * 2_000).then(() => child.kill('SIGKILL'))
    return end
  })
  const ends = await Promise.all(processes)

  const reported = ends.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean))
  const survivors = ends.filter((_, index) => index % 2 === 1)
  for (const { code, stderr } of survivors) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(ends.filter(({ signal }) => signal === 'SIGKILL')).toHaveLength(PROCESSES / 2)

  const { version, providers } = await new LocalConfigStore({ directory: path }).read()
  expect(reported.filter((name) => !(name in providers))).toEqual([])
  // A killed process may have stored one more than it could report; nothing else may be there.
  expect(version).toBe(Object.keys(providers).length)
  expect(version - reported.length).toBeLessThanOrEqual(PROCESSES / 2)
})
