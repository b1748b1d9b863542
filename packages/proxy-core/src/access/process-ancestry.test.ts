import { expect, test } from 'vitest'
import { ancestorExecutables } from './process-ancestry.js'
import { readProcessStat } from './process-stat.js'
import { PROC_VIEW } from './process-view.js'

const ON_LINUX = process.platform === 'linux'

test.runIf(ON_LINUX)('names the programs above the own process, and not its own', () => {
  const own = readProcessStat(process.pid)!

  const above = ancestorExecutables(own, PROC_VIEW)

  expect(above?.[0]).toBe(PROC_VIEW.executable(process.ppid))
  expect(ancestorExecutables({ ...own, parent: 0 }, PROC_VIEW)).toEqual([])
})

test.runIf(ON_LINUX)('a process that is no longer the one that was read has no ancestors to tell', () => {
  const own = readProcessStat(process.pid)!

  expect(ancestorExecutables({ ...own, startTicks: own.startTicks - 1 }, PROC_VIEW)).toBeUndefined()
  expect(ancestorExecutables({ ...own, parent: 1 }, PROC_VIEW)).toBeUndefined()
  expect(ancestorExecutables({ ...own, pid: 2 ** 30 }, PROC_VIEW)).toBeUndefined()
})

test('no more than 64 are looked at', () => {
  const endless = { pid: 1, isDead: false, parent: 1, session: 1, startTicks: 1 }

  const found = ancestorExecutables(endless, { stat: () => endless, executable: () => '/a', holds: () => true })

  expect(found).toHaveLength(64)
})
