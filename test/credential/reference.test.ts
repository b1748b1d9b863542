import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ReferenceResolver } from '../../packages/cli/src/credential/reference-resolver.js'
import { runSource } from '../../packages/cli/src/credential/run-source.js'
import { temporaryDirectory } from '../state/temporary-directory.js'

const LIMITS = { timeoutMs: 10_000, maximumBytes: 64 * 1024 }
const environment = (name: string) => process.env[name]
const resolver = () => new ReferenceResolver({ environment })
const shell = (script: string, limits = LIMITS) => runSource(['sh', '-c', script], environment, limits)

test('reads a file of the container or the user, through links, without its line break', async () => {
  using directory = temporaryDirectory()
  writeFileSync(`${directory.path}/..data`, 'sk-abc\n', { mode: 0o444 })
  symlinkSync('..data', `${directory.path}/key`)

  expect(await resolver().resolve(`file:${directory.path}/key`)).toBe('sk-abc')
})

test.each([
  ['is missing', () => {}, 'does not exist'],
  [
    'others can write to',
    (path: string) => {
      writeFileSync(path, 'sk-hidden')
      chmodSync(path, 0o662)
    },
    'can be written by other users',
  ],
  ['is a named pipe', (path: string) => spawnSync('mkfifo', [path]), 'is not a plain file'],
  ['is too large', (path: string) => writeFileSync(path, 'x'.repeat(65_537)), 'is larger than 65536 bytes'],
])('refuses a file that %s', async (_what, prepare, why) => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/key`
  prepare(path)

  await expect(resolver().resolve(`file:${path}`)).rejects.toMatchObject({
    code: 'ERR_REFERENCE_UNAVAILABLE',
    message: `the credential's file ${path} ${why}`,
  })
})

test('runs a program without a shell, in /, without our environment or input', async () => {
  process.env['NEMOCLAW_PASSPHRASE'] = 'correct horse'
  try {
    const seen = await shell('pwd; env; cat; ps -o pgid= -p $$ | tr -d " "; echo $$')

    const lines = seen.trim().split('\n')
    expect(lines[0]).toBe('/')
    expect(lines.at(-1)).toBe(lines.at(-2))
    const names = lines.slice(1, -2).map((line) => line.split('=')[0])
    expect(
      names.filter((name) => !['PATH', 'HOME', 'USER', 'LANG', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name as string)),
    ).toEqual([])
    expect(await resolver().resolve('exec:printf %s $HOME;x'.replace('$HOME;x', "'$HOME;x'"))).toBe('$HOME;x')
  } finally {
    delete process.env['NEMOCLAW_PASSPHRASE']
  }
})

test('kills a source that hangs, with all that it started', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/pids`

  const begin = performance.now()
  await expect(
    shell(`echo $$ > ${path}; sleep 60 & echo $! >> ${path}; wait`, { ...LIMITS, timeoutMs: 400 }),
  ).rejects.toMatchObject({
    code: 'ERR_REFERENCE_UNAVAILABLE',
    message: 'the credential\'s source "sh" did not finish within 0.4 s',
  })
  expect(performance.now() - begin).toBeLessThan(20_000)

  await delay(200)
  for (const pid of readFileSync(path, 'utf8').trim().split('\n')) expect(isRunning(pid)).toBe(false)
})

test('has ten seconds', { timeout: 45_000 }, async () => {
  const begin = performance.now()
  await expect(resolver().resolve('exec:sleep 60')).rejects.toMatchObject({
    message: expect.stringContaining('within 10 s'),
  })
  expect(performance.now() - begin).toBeGreaterThan(9_900)
  expect(performance.now() - begin).toBeLessThan(30_000)
})

test('does not wait for what a source left running in the background', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/pid`

  const begin = performance.now()
  expect(await shell(`echo sk-abc; sleep 60 & echo $! > ${path}`)).toBe('sk-abc\n')
  expect(performance.now() - begin).toBeLessThan(20_000)

  await delay(200)
  expect(isRunning(readFileSync(path, 'utf8').trim())).toBe(false)
})

test('does not wait for a source that left its process group either', async () => {
  const begin = performance.now()
  expect(await shell('echo sk-abc; setsid sleep 25 &')).toBe('sk-abc\n')
  expect(performance.now() - begin).toBeLessThan(15_000)
})

test('stops a source that writes without end', async () => {
  const begin = performance.now()
  await expect(runSource(['yes'], environment)).rejects.toMatchObject({
    message: 'the credential\'s source "yes" wrote more than 65536 bytes',
  })
  expect(performance.now() - begin).toBeLessThan(15_000)
})

test('shows nothing of what a failing source wrote', async () => {
  const error = await shell('echo sk-hidden; echo sk-hidden >&2; exit 3').catch((reason: unknown) => reason)

  expect(error).toMatchObject({
    code: 'ERR_REFERENCE_UNAVAILABLE',
    message: 'the credential\'s source "sh" ended with exit code 3',
  })
  expect((error as Error).stack).not.toContain('sk-hidden')
})

test('says that a program does not exist', async () => {
  await expect(resolver().resolve('exec:/nonexistent/key')).rejects.toMatchObject({
    message: 'the credential\'s source "/nonexistent/key" was not found',
  })
})

/** A zombie has ended; whoever is process 1 here may be slow to collect it. */
function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
