import { expect, test } from 'vitest'
import type { HeldSocket } from './process-sockets.js'
import type { ProcessView } from './process-view.js'
import { programsOfHolders } from './programs-of-holders.js'

interface TestProcess {
  readonly parent: number
  readonly startTicks: number
  readonly executable: string | undefined
  readonly holds: boolean
}

const AGENT: TestProcess = { parent: 20, startTicks: 500, executable: '/usr/bin/git', holds: true }
const SHELL: TestProcess = { parent: 1, startTicks: 400, executable: '/usr/bin/bash', holds: false }
const INIT: TestProcess = { parent: 0, startTicks: 1, executable: undefined, holds: false }
const QUIET: Readonly<Record<number, TestProcess>> = { 1: INIT, 20: SHELL, 30: AGENT }

const held = (...pids: readonly number[]): readonly HeldSocket[] =>
  pids.map((pid) => ({ pid, inode: '77', link: `/proc/${pid}/fd/3` }))

/** A view of processes that become others after so many questions. */
function viewOf(before: typeof QUIET, after: typeof QUIET = before, afterQuestions = 0): ProcessView {
  let questions = 0
  const look = (pid: number) => (questions++ < afterQuestions ? before : after)[pid]
  return {
    stat: (pid) => {
      const found = look(pid)
      return found && { pid, isDead: false, session: 9, parent: found.parent, startTicks: found.startTicks }
    },
    executable: (pid) => look(pid)?.executable,
    holds: ({ pid }) => look(pid)?.holds ?? false,
  }
}

/** The answers when the change happens after no question, one, two and so on; the eleventh is the last. */
const answersDuring = (after: typeof QUIET) =>
  Array.from({ length: 12 }, (_, questions) => programsOfHolders(held(30), viewOf(QUIET, after, questions)))

const AS_IT_WAS = { processes: [['/usr/bin/git', '/usr/bin/bash']] }

test('a process is its executable and those of its ancestors that can be read', () => {
  expect(programsOfHolders(held(30), viewOf(QUIET))).toEqual(AS_IT_WAS)
})

test('nobody is told if the program of one of several holders cannot be', () => {
  const two = { ...QUIET, 31: { ...AGENT, executable: undefined } }

  expect(programsOfHolders(held(30, 31), viewOf(two))).toBeUndefined()
  expect(programsOfHolders(held(31, 30), viewOf(two))).toBeUndefined()
})

test('no holder is a change: somebody held it a moment ago', () => {
  expect(programsOfHolders([], viewOf(QUIET))).toBe('changed')
})

test.each([
  ['exits', { ...QUIET, 30: undefined }],
  ['lets go of the connection', { ...QUIET, 30: { ...AGENT, holds: false } }],
  ['exits and its pid is used again', { ...QUIET, 30: { ...AGENT, startTicks: 900, executable: '/opt/evil' } }],
])('a process that %s meanwhile is never told', (_, after) => {
  const answers = answersDuring(after as typeof QUIET)

  expect(answers.slice(1, 9)).toEqual(Array(8).fill('changed'))
  expect(answers.at(-1)).toEqual(AS_IT_WAS)
})

test('a process that runs another program meanwhile is never told half and half', () => {
  const answers = answersDuring({ ...QUIET, 30: { ...AGENT, executable: '/opt/evil' } })

  expect(answers.slice(2, 10)).toEqual(Array(8).fill('changed'))
  expect(answers.at(-1)).toEqual(AS_IT_WAS)
})

test("a pid that is used again by another process of the same program is never told with the first one's ancestors", () => {
  const answers = answersDuring({ ...QUIET, 30: { ...AGENT, startTicks: 900, parent: 1 } })

  expect(answers.slice(1, 11)).toEqual(Array(10).fill('changed'))
  expect(answers.at(-1)).toEqual(AS_IT_WAS)
})

test('an ancestor whose pid became another process is never told', () => {
  // The shell exits, its child goes to init, and the pid of the shell to a program that would have been allowed.
  const after = {
    ...QUIET,
    20: { ...SHELL, startTicks: 900, executable: '/usr/bin/allowed' },
    30: { ...AGENT, parent: 1 },
  }

  for (const answer of answersDuring(after)) {
    expect(JSON.stringify(answer)).not.toContain('allowed')
  }
})

test('ancestors in a circle, read while it changes, come to an end', () => {
  const circle = { ...QUIET, 20: { ...SHELL, parent: 30 } }

  expect(programsOfHolders(held(30), viewOf(circle))).toMatchObject({ processes: [expect.any(Array)] })
})
