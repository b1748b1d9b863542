import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SealedFileStore } from '../../packages/cli/src/credential/sealed-file-store.js'
import { temporaryDirectory } from '../state/temporary-directory.js'

const SLOT = { provider: 'nvidia', key: 'NVIDIA_API_KEY' }
const OTHER = { provider: 'openai', key: 'OPENAI_API_KEY' }
const CREDENTIAL = { origin: 'https://integrate.api.nvidia.com', value: 'sk-hidden' }

function storeIn(path: string, passphrase?: string): SealedFileStore {
  const variables: Record<string, string | undefined> = { NEMOCLAW_PASSPHRASE: passphrase }
  return new SealedFileStore({
    directory: { path, shownAs: '~/.config/nemoclaw' },
    environment: (name) => variables[name],
  })
}

const sealed = (path: string) => `${path}/credentials.sealed`

test.each([
  ['a passphrase', 'correct horse'],
  ['a key file', undefined],
])('creates, reads, rotates and deletes under %s, and shows nothing of it on the disk', async (_what, passphrase) => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path, passphrase)

  expect(await store.get(SLOT)).toBeUndefined()
  expect(await store.delete(SLOT)).toBe(false)
  await store.set(SLOT, CREDENTIAL)
  await store.set(OTHER, { origin: 'https://api.openai.com', value: 'sk-other' })
  const text = readFileSync(sealed(directory.path), 'utf8')
  expect(text).not.toMatch(/sk-|https/)
  expect(text).not.toContain(Buffer.from('sk-hidden').toString('base64').slice(0, 8))
  expect(statSync(sealed(directory.path)).mode & 0o777).toBe(0o600)

  const again = storeIn(directory.path, passphrase)
  expect(await again.get(SLOT)).toMatchObject(CREDENTIAL)
  await again.set(SLOT, { ...CREDENTIAL, value: 'sk-two' })
  expect(await store.get(SLOT)).toMatchObject({ value: 'sk-two' })
  expect(await store.get(OTHER)).toMatchObject({ value: 'sk-other' })
  expect(await store.delete(SLOT)).toBe(true)
  expect(await again.get(SLOT)).toBeUndefined()
})

test('makes a key file that only the user can read, and only where no passphrase is set', async () => {
  using withKey = temporaryDirectory()
  using withPassphrase = temporaryDirectory()

  await storeIn(withKey.path).set(SLOT, CREDENTIAL)
  await storeIn(withPassphrase.path, 'correct horse').set(SLOT, CREDENTIAL)

  expect(statSync(`${withKey.path}/credentials.key`).mode & 0o777).toBe(0o600)
  expect(readdirSync(withPassphrase.path).sort()).toEqual(['credentials.lock', 'credentials.sealed'])
})

test('tells a wrong passphrase, a missing one, and damage from each other', async () => {
  using directory = temporaryDirectory()
  await storeIn(directory.path, 'correct horse').set(SLOT, CREDENTIAL)

  await expect(storeIn(directory.path, 'wrong').get(SLOT)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_PASSPHRASE',
    message: 'NEMOCLAW_PASSPHRASE does not open ~/.config/nemoclaw/credentials.sealed',
  })
  await expect(storeIn(directory.path, 'wrong').set(OTHER, CREDENTIAL)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_PASSPHRASE',
  })
  await expect(storeIn(directory.path).get(SLOT)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_PASSPHRASE',
    message: '~/.config/nemoclaw/credentials.sealed needs a passphrase, and NEMOCLAW_PASSPHRASE is not set',
  })

  const content = readFileSync(sealed(directory.path))
  for (const at of [5, Math.floor(content.length / 2), content.length - 10]) {
    const damaged = Buffer.from(content)
    damaged[at] = (damaged[at] as number) ^ 1
    writeFileSync(sealed(directory.path), damaged)
    await expect(storeIn(directory.path, 'correct horse').get(SLOT)).rejects.toMatchObject({
      code: 'ERR_SEALED_FILE_CORRUPT',
    })
  }
  writeFileSync(sealed(directory.path), content.subarray(0, 100))
  await expect(storeIn(directory.path, 'correct horse').set(SLOT, CREDENTIAL)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_CORRUPT',
  })
})

test('says that the key file is missing, replaced, or open to others', async () => {
  using directory = temporaryDirectory()
  await storeIn(directory.path).set(SLOT, CREDENTIAL)
  const key = `${directory.path}/credentials.key`

  chmodSync(key, 0o640)
  await expect(storeIn(directory.path).get(SLOT)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_KEY',
    message: '~/.config/nemoclaw/credentials.key can be read by other users',
  })
  writeFileSync(key, `${Buffer.alloc(32).toString('base64')}\n`)
  chmodSync(key, 0o600)
  await expect(storeIn(directory.path).get(SLOT)).rejects.toMatchObject({
    message: '~/.config/nemoclaw/credentials.key is not the key of ~/.config/nemoclaw/credentials.sealed',
  })
  rmSync(key)
  await expect(storeIn(directory.path).get(SLOT)).rejects.toMatchObject({
    message: '~/.config/nemoclaw/credentials.key is missing',
  })
})

test('opens no secret in the place of another', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  await store.set(SLOT, CREDENTIAL)
  const { sha256: _old, ...document } = JSON.parse(readFileSync(sealed(directory.path), 'utf8'))
  const { serialiseSealed } = await import('../../packages/cli/src/credential/sealed-document.js')
  const moved = document.slots['provider/nvidia/NVIDIA_API_KEY']

  writeFileSync(
    sealed(directory.path),
    serialiseSealed({ ...document, slots: { 'provider/openai/OPENAI_API_KEY': moved } }),
  )

  await expect(storeIn(directory.path).get(OTHER)).rejects.toMatchObject({ code: 'ERR_SEALED_FILE_CORRUPT' })
})

test('seals the same secret differently each time', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  const slots = () => JSON.parse(readFileSync(sealed(directory.path), 'utf8')).slots['provider/nvidia/NVIDIA_API_KEY']

  await store.set(SLOT, CREDENTIAL)
  const first = slots()
  await store.set(SLOT, CREDENTIAL)

  expect(slots()).not.toBe(first)
})

test('refuses a sealed file that others can read', async () => {
  using directory = temporaryDirectory()
  await storeIn(directory.path).set(SLOT, CREDENTIAL)
  chmodSync(sealed(directory.path), 0o644)

  await expect(storeIn(directory.path).get(SLOT)).rejects.toMatchObject({ code: 'ERR_SEALED_FILE_UNREADABLE' })
})

test('loses none of 20 secrets stored at once', async () => {
  using directory = temporaryDirectory()
  const names = Array.from({ length: 20 }, (_, index) => `K${index}`)

  await Promise.all(
    names.map((key) => storeIn(directory.path).set({ provider: 'p', key }, { ...CREDENTIAL, value: `sk-${key}` })),
  )

  const store = storeIn(directory.path)
  const values = await Promise.all(names.map(async (key) => (await store.get({ provider: 'p', key }))?.value))
  expect(values).toEqual(names.map((key) => `sk-${key}`))
})

test('refuses a cost that would use up the memory, without trying', async () => {
  using directory = temporaryDirectory()
  await storeIn(directory.path, 'correct horse').set(SLOT, CREDENTIAL)
  const { sha256: _old, ...document } = JSON.parse(readFileSync(sealed(directory.path), 'utf8'))
  const { serialiseSealed } = await import('../../packages/cli/src/credential/sealed-document.js')
  writeFileSync(sealed(directory.path), serialiseSealed({ ...document, key: { ...document.key, cost: 2 ** 30 } }))

  await expect(storeIn(directory.path, 'correct horse').get(SLOT)).rejects.toMatchObject({
    code: 'ERR_SEALED_FILE_CORRUPT',
  })
})
