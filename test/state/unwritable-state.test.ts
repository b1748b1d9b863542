import { chmodSync, chownSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import { finished, startScript } from './run-script.js'
import { temporaryDirectory } from './temporary-directory.js'
import { IN_MOUNT_NAMESPACE, MOUNT_NAMESPACE, testNeeding } from './test-needing.js'

async function resultOf(script: string, directory: string) {
  const child = startScript(new URL(script, import.meta.url), [directory], {}, IN_MOUNT_NAMESPACE)
  const { stdout, stderr, code } = await finished(child)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return JSON.parse(stdout)
}

testNeeding([MOUNT_NAMESPACE])(
  'keeps the old state where the disk is full, or holds only a part of the new',
  async () => {
    using directory = temporaryDirectory()

    const result = await resultOf('./full-disk.mjs', directory.path)

    const refusal = {
      code: 'ERR_CONFIG_UNWRITABLE',
      message: 'cannot write ~/.config/nemoclaw/config.json: no space is left on the disk',
      suggestions: ['Free some space and try again.'],
    }
    expect(result.full).toEqual(refusal)
    expect(result.nearlyFull).toEqual(refusal)
    expect(result.after).toEqual(result.before)
    expect(result.freed).toEqual({ stored: 'freed' })
    expect(result.version).toBe(2)
  },
)

testNeeding([MOUNT_NAMESPACE])('reads from a read-only file system, and says that it cannot write there', async () => {
  using directory = temporaryDirectory()
  await new LocalConfigStore({ directory: directory.path }).update((current) => current)
  const before = readFileSync(`${directory.path}/config.json`, 'utf8')

  const result = await resultOf('./read-only.mjs', directory.path)

  expect(result.existing).toEqual({
    version: 1,
    code: 'ERR_CONFIG_UNWRITABLE',
    message: 'cannot write ~/.config/nemoclaw/config.json: the file system is read-only',
  })
  expect(result.missing).toEqual({
    version: 0,
    code: 'ERR_CONFIG_UNWRITABLE',
    message: 'cannot create ~/.config/nemoclaw: the file system is read-only',
  })
  expect(readFileSync(`${directory.path}/config.json`, 'utf8')).toBe(before)
})

const testAsRoot = process.getuid?.() === 0 ? test : testNeeding(['root'])

testAsRoot('refuses a folder of another user, even as root', async () => {
  using directory = temporaryDirectory()
  chownSync(directory.path, 65534, 65534)

  const refusal = { code: 'ERR_STATE_DIRECTORY_UNSAFE', message: expect.stringContaining('belongs to user 65534') }
  const store = new LocalConfigStore({ directory: directory.path })
  await expect(store.read()).rejects.toMatchObject(refusal)
  await expect(store.update((current) => current)).rejects.toMatchObject(refusal)
})

test('says at once that permission is denied', async () => {
  using directory = temporaryDirectory()
  chmodSync(directory.path, 0o500)
  // Root without its capabilities is a user like any other.
  const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : []

  const child = startScript(new URL('./attempt-update.mjs', import.meta.url), [directory.path], {}, asUser)
  const { stdout, stderr } = await finished(child)

  expect(stderr).toBe('')
  const { ms, ...refusal } = JSON.parse(stdout)
  expect(refusal).toEqual({
    code: 'ERR_CONFIG_UNWRITABLE',
    message: 'cannot write ~/.config/nemoclaw/config.json: permission is denied',
    suggestions: ['Check who owns it: ls -ld ~/.config/nemoclaw/config.json'],
  })
  expect(ms).toBeLessThan(8_000)
})
