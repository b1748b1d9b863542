import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProxyEvent } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import type { LogEvent } from './event-line.js'
import { LearnedDestinations, readLearnedDestinations } from './learned-destinations.js'

function learningIn(name: string) {
  const parent = mkdtempSync(join(tmpdir(), 'learned-'))
  const directory = { path: join(parent, name), shownAs: '~/state' }
  mkdirSync(directory.path)
  const events: LogEvent[] = []
  const learned = new LearnedDestinations(directory, (event) => events.push(event))
  return { directory, events, learned, [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }) }
}

const passed = (host: string, port = 443): ProxyEvent => ({
  kind: 'egress',
  id: '1',
  method: 'CONNECT',
  target: `${host}:${port}`,
  action: 'tunnel',
  host,
  port,
  isLearned: true,
})

test('what cannot be written is kept in memory, told once, and written with what is learned next', () => {
  using session = learningIn('state')
  const { directory, events, learned } = session
  rmSync(directory.path, { recursive: true })

  learned.hear(passed('a.example'))
  learned.hear(passed('b.example'))
  expect(readLearnedDestinations(directory)).toEqual([])
  mkdirSync(directory.path)
  learned.hear(passed('c.example'))

  expect(readLearnedDestinations(directory).map(({ host }) => host)).toEqual(['a.example', 'b.example', 'c.example'])
  expect(events).toEqual([
    {
      kind: 'lifecycle',
      action: 'learning_incomplete',
      detail: expect.stringMatching(
        /^cannot write .*learned-destinations.json: ENOENT; what is learned is kept in memory/,
      ),
    },
  ])
})

test('a destination that is known already is what makes up for a failed write, too', () => {
  using session = learningIn('state')
  const { directory, learned } = session
  rmSync(directory.path, { recursive: true })
  learned.hear(passed('a.example'))
  mkdirSync(directory.path)

  learned.hear(passed('a.example'))

  expect(readLearnedDestinations(directory)).toEqual([{ host: 'a.example', port: 443 }])
})

test('a failing log does not make it throw either', () => {
  using session = learningIn('state')
  rmSync(session.directory.path, { recursive: true })
  const learned = new LearnedDestinations(session.directory, () => {
    throw new Error('no log')
  })

  expect(() => learned.hear(passed('a.example'))).not.toThrow()
})

test('the first 1,000 destinations are kept, and that there are more is told once', () => {
  using session = learningIn('state')
  const { directory, events, learned } = session

  for (let port = 1; port <= 1_000; port++) learned.hear(passed('a.example', port))
  expect(events).toEqual([])
  learned.hear(passed('a.example', 1))
  expect(events).toEqual([])
  learned.hear(passed('b.example'))
  learned.hear(passed('c.example'))

  expect(readLearnedDestinations(directory)).toHaveLength(1_000)
  expect(events).toMatchObject([
    { kind: 'lifecycle', action: 'learning_incomplete', detail: expect.stringContaining('1,000 destinations') },
  ])
})
