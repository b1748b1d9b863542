import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { storageError } from '../config/storage-error.js'
import { UserError } from '../user-error.js'
import { LivePolicy } from './live-policy.js'
import type { ConfigurationEvent } from './session-routes.js'

/** What reading the file fails with, as long as there is one. */
const failing = vi.hoisted(() => ({ error: undefined as (() => Error) | undefined, reads: 0 }))

vi.mock('../policy/read-policy-file.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../policy/read-policy-file.js')>()
  return {
    ...original,
    readPolicyFile: (...args: Parameters<typeof original.readPolicyFile>) => {
      failing.reads++
      if (failing.error) throw failing.error()
      return original.readPolicyFile(...args)
    },
  }
})

const policyFor = (host: string) =>
  `version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: ${host}, port: 443 }] }\n`

async function livePolicy(text: string) {
  failing.error = undefined
  const folder = mkdtempSync(join(tmpdir(), 'policy-'))
  const path = join(folder, 'policy.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  const events: ConfigurationEvent[] = []
  const policy = await LivePolicy.open({
    file: { path, shownAs: 'policy.yaml' },
    learningUntil: undefined,
    onEvent: (event) => events.push(event),
  })
  const hosts = () => policy.current.source.policies.flatMap(({ endpoints }) => endpoints.map(({ host }) => host))
  return {
    path,
    policy,
    events,
    hosts,
    [Symbol.dispose]() {
      policy.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const outOfDescriptors = () =>
  storageError('ERR_POLICY_FILE_UNSAFE', 'cannot read', 'policy.yaml', Object.assign(new Error(), { code: 'EMFILE' }))

test('what keeps the file from being read is tried again until it has passed: a withdrawal is not forgotten', async () => {
  using live = await livePolicy(policyFor('a.example'))
  failing.error = outOfDescriptors

  rmSync(live.path)
  writeFileSync(live.path, policyFor('b.example'), { mode: 0o600 })
  await expect.poll(() => live.events, { timeout: 2_000 }).toHaveLength(1)
  // Long after the watch has had its say.
  await sleep(1_200)
  expect(live.events).toEqual([{ kind: 'config', action: 'kept_last_good', detail: 'cannot read policy.yaml: EMFILE' }])
  expect(live.policy.state.problem).toBe('cannot read policy.yaml: EMFILE')
  failing.error = undefined

  await expect.poll(live.hosts, { timeout: 1_500 }).toEqual(['b.example'])
  expect(live.events).toHaveLength(2)
  expect(live.events[1]).toMatchObject({ action: 'applied' })
  expect(live.policy.state.problem).toBeUndefined()
})

test.each<[string, () => Error]>([
  ['invalid', () => new UserError('ERR_POLICY_INVALID', 'policy.yaml:1:1: is wrong')],
  ['not text', () => new UserError('ERR_POLICY_INVALID', 'is not text in UTF-8', { cause: new Error('decoding') })],
  ['unsafe', () => new UserError('ERR_POLICY_FILE_UNSAFE', 'can be written by other users')],
])('a file that is %s is judged: it is not read again before it changes', async (_what, error) => {
  using live = await livePolicy(policyFor('a.example'))
  failing.error = error

  writeFileSync(live.path, policyFor('b.example'))
  await expect.poll(() => live.events, { timeout: 2_000 }).toHaveLength(1)
  await sleep(400)
  const { reads } = failing
  await sleep(1_200)

  expect(failing.reads).toBe(reads)
  expect(live.hosts()).toEqual(['a.example'])
})

test('a closed policy is not tried again', async () => {
  using live = await livePolicy(policyFor('a.example'))
  failing.error = outOfDescriptors
  writeFileSync(live.path, policyFor('b.example'))
  await expect.poll(() => live.events, { timeout: 2_000 }).toHaveLength(1)

  live.policy.close()
  const { reads } = failing
  await sleep(1_200)

  expect(failing.reads).toBe(reads)
})

test('a file that is written in place in two steps is never in force half-way', async () => {
  using live = await livePolicy(policyFor('a.example'))
  const inForce: string[] = []
  live.policy.onChange(() => inForce.push(JSON.stringify(live.policy.current.source)))
  const whole = `version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: b.example, port: 443 }]\n`

  for (let round = 0; round < 3; round++) {
    writeFileSync(live.path, whole)
    await sleep(100)
    appendFileSync(live.path, '    binaries: [{ path: /usr/bin/git }]\n')
    await expect.poll(() => inForce.length, { timeout: 1_000 }).toBe(round * 2 + 1)
    writeFileSync(live.path, policyFor('a.example'))
    await expect.poll(() => inForce.length, { timeout: 1_000 }).toBe(round * 2 + 2)
  }

  expect(inForce.filter((source) => source.includes('b.example') && !source.includes('/usr/bin/git'))).toEqual([])
})

test('a file that never stands still is in force within a second all the same', async () => {
  using live = await livePolicy(policyFor('a.example'))
  const writing = setInterval(() => appendFileSync(live.path, '# more\n'), 30)
  try {
    writeFileSync(live.path, policyFor('b.example'))
    await expect.poll(live.hosts, { timeout: 1_000 }).toEqual(['b.example'])
  } finally {
    clearInterval(writing)
  }
})
