import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type FileLock, withFileLock } from '../../packages/cli/src/config/file-lock.js'
import { startScript } from './run-script.js'
import { temporaryDirectory } from './temporary-directory.js'

const HOLD_LOCK = new URL('./hold-lock.mjs', import.meta.url)

function lockAt(path: string, waitMs = 10_000): FileLock {
  return {
    path,
    shownAs: 'config.json',
    lockedCode: 'ERR_CONFIG_LOCKED',
    unwritableCode: 'ERR_CONFIG_UNWRITABLE',
    waitMs,
  }
}

async function startHolder(path: string) {
  const child = startScript(HOLD_LOCK, [path])
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return {
    pid: child.pid as number,
    kill: () => child.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    },
  }
}

test('names the process that holds the lock, after the wait', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/lock`
  await using holder = await startHolder(path)

  const begin = performance.now()
  await expect(withFileLock(lockAt(path, 300), () => 'never')).rejects.toMatchObject({
    code: 'ERR_CONFIG_LOCKED',
    message: `config.json is being changed by process ${holder.pid}, which did not finish within 0.3 s`,
  })
  expect(performance.now() - begin).toBeLessThan(8_000)
})

test('takes the lock at once when its holder is killed', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/lock`
  await using holder = await startHolder(path)

  const waiting = withFileLock(lockAt(path), () => performance.now())
  await delay(100)
  const killed = performance.now()
  holder.kill()

  expect((await waiting) - killed).toBeLessThan(8_000)
})

test('excludes again after its file was removed', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/lock`
  const order: string[] = []

  await withFileLock(lockAt(path), async () => {
    rmSync(path)
    order.push('removed')
  })
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      withFileLock(lockAt(path), async () => {
        order.push(`${name} in`)
        await delay(20)
        order.push(`${name} out`)
      }),
    ),
  )

  expect(order.filter((_, index) => index % 2 === 1).map((entry) => entry.replace('in', 'out'))).toEqual(
    order.filter((_, index) => index > 0 && index % 2 === 0),
  )
})

test('gives the lock back when the action fails', async () => {
  using directory = temporaryDirectory()
  const lock = lockAt(`${directory.path}/lock`, 100)

  await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withFileLock(lock, () => 'free')).toBe('free')
})
