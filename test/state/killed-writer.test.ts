import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { read, write } from './state-writes.mjs'
import { temporaryDirectory } from './temporary-directory.js'
import { testNeeding } from './test-needing.js'
import { callsOn, type SystemCall, traceWriter, type WriteKind } from './traced-writer.js'

/** Calls that only look: what a writer killed there leaves is what it leaves at its next call. */
const LOOKING = new Set([
  'access',
  'fstat',
  'getdents64',
  'lseek',
  'newfstatat',
  'pread64',
  'read',
  'readlink',
  'statx',
])

/** Kills a writer at each of its system calls on the state, once each, and looks at what it left. */
async function killAtEachCall(kind: WriteKind, writesBefore: number): Promise<void> {
  using temporary = temporaryDirectory()
  const path = (name: string): string => `${temporary.path}/${name}`
  mkdirSync(path('before'), { mode: 0o700 })
  for (let index = 0; index < writesBefore; index++) await write(kind, path('before'))
  const before = await read(kind, path('before'))

  cpSync(path('before'), path('whole'), { recursive: true })
  const whole = await traceWriter(kind, path('whole'), path('warm'), ['-y', '-o', path('log')])
  expect(whole).toEqual({ stored: true, stderr: '', killed: false })
  const after = await read(kind, path('whole'))
  expect(after.version).toBe(before.version + 1)
  expect(after.value).not.toBe(before.value)
  const calls = callsOn(path('whole'), path('log')).filter(({ name }) => kind === 'config' || !LOOKING.has(name))
  expect(calls.map(({ name }) => name)).toEqual(expect.arrayContaining(['openat', 'pwrite64', 'fsync', 'rename']))

  const seen = new Map<number, number>()
  const killAt = async ({ name, ordinal }: SystemCall): Promise<void> => {
    const at = path(`${name}-${ordinal}`)
    cpSync(path('before'), at, { recursive: true })
    const result = await traceWriter(kind, at, `${at}.warm`, ['-e', `inject=${name}:signal=SIGKILL:when=${ordinal}`])
    expect(result, `killed at ${name} ${ordinal}`).toEqual({ stored: false, stderr: '', killed: true })

    // The old or the new state, whole; then the next writer goes on as if nothing had been, and tidies up.
    const left = await read(kind, at)
    expect([before, after].map(({ version, value }) => `${version} ${value}`)).toContain(
      `${left.version} ${left.value}`,
    )
    seen.set(left.version, (seen.get(left.version) ?? 0) + 1)
    const begin = performance.now()
    await write(kind, at)
    expect(performance.now() - begin).toBeLessThan(8_000)
    expect((await read(kind, at)).version).toBe(left.version + 1)
    expect(readdirSync(at).sort()).toEqual(after.files)
  }
  const waiting = [...calls]
  const worker = async (): Promise<void> => {
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) await killAt(call)
  }
  await Promise.all([worker(), worker(), worker()])
  console.log(
    `${kind}, ${writesBefore} writes before: killed at ${calls.length} calls; old state left ${seen.get(before.version)} times, new ${seen.get(after.version)}`,
  )
  expect(seen.get(before.version)).toBeGreaterThan(0)
  expect(seen.get(after.version)).toBeGreaterThan(0)
}

const testWithStrace = testNeeding(['strace'])

testWithStrace(
  'a writer of the configuration killed at any system call leaves the old or the new',
  () => killAtEachCall('config', 2),
  120_000,
)
testWithStrace(
  'the first writer of the configuration killed at any system call leaves none or one',
  () => killAtEachCall('config', 0),
  120_000,
)
testWithStrace(
  'a rotation killed at any system call that changes a file leaves the old or the new credential',
  () => killAtEachCall('credentials', 2),
  240_000,
)
