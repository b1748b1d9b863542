import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openFingerprint } from '../../packages/cli/src/credential/fingerprint.js'
import { temporaryDirectory } from '../state/temporary-directory.js'

test('is the same for the same value on one machine, and different on another', async () => {
  using here = temporaryDirectory()
  using there = temporaryDirectory()
  const open = (path: string) => openFingerprint({ path, shownAs: path })

  const fingerprint = await open(here.path)

  expect(fingerprint('sk-a')).toMatch(/^[0-9a-f]{16}$/)
  expect((await open(here.path))('sk-a')).toBe(fingerprint('sk-a'))
  expect(fingerprint('sk-b')).not.toBe(fingerprint('sk-a'))
  expect((await open(there.path))('sk-a')).not.toBe(fingerprint('sk-a'))
  expect(statSync(`${here.path}/fingerprint.key`).mode & 0o777).toBe(0o600)
})

test('makes one key where many ask at once', async () => {
  using directory = temporaryDirectory()
  const opened = await Promise.all(
    Array.from({ length: 10 }, () => openFingerprint({ path: directory.path, shownAs: '' })),
  )

  expect(new Set(opened.map((fingerprint) => fingerprint('sk-a'))).size).toBe(1)
  expect(readdirSync(directory.path).sort()).toEqual(['fingerprint.key', 'fingerprint.key.lock'])
})

test('says that its key is damaged, and makes no other in its place', async () => {
  using directory = temporaryDirectory()
  writeFileSync(`${directory.path}/fingerprint.key`, 'short\n', { mode: 0o600 })

  await expect(openFingerprint({ path: directory.path, shownAs: '~/.config/nemoclaw' })).rejects.toMatchObject({
    code: 'ERR_FINGERPRINT_KEY',
    message: '~/.config/nemoclaw/fingerprint.key is damaged',
  })
})
