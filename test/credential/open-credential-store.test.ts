import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openCredentialStore } from '../../packages/cli/src/credential/open-credential-store.js'
import { readStoreChoice } from '../../packages/cli/src/credential/store-choice.js'
import { temporaryDirectory } from '../state/temporary-directory.js'
import { testNeeding } from '../state/test-needing.js'
import { SECRET_SERVICE_PROGRAMS, startSecretService } from './secret-service.js'

const testWithKeyring = testNeeding(SECRET_SERVICE_PROGRAMS)
const NOWHERE: Readonly<Record<string, string>> = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }

function optionsFor(path: string, variables: Readonly<Record<string, string>>, keychainTimeoutMs = 4_500) {
  return {
    directory: { path, shownAs: '~/.config/nemoclaw' },
    environment: (name: string) => variables[name],
    keychainTimeoutMs,
  }
}

test('takes the sealed file where there is no keychain, says so once, and remembers it', async () => {
  using directory = temporaryDirectory()

  const first = await openCredentialStore(optionsFor(directory.path, NOWHERE))
  expect(first.store.kind).toBe('file')
  expect(first.notice).toBe(
    'Credentials are kept in ~/.config/nemoclaw/credentials.sealed, encrypted with the key file ' +
      '~/.config/nemoclaw/credentials.key beside it: whoever can read both has the credentials (set NEMOCLAW_PASSPHRASE ' +
      'first for a passphrase). Why not the keychain: no keychain can be used: there is no D-Bus session.',
  )

  const second = await openCredentialStore(optionsFor(directory.path, NOWHERE))
  expect(second.store.kind).toBe('file')
  expect(second.notice).toBeUndefined()
  expect(second.choice.because).toBe('no keychain can be used: there is no D-Bus session')
})

test('says which key the file gets where a passphrase is set', async () => {
  using directory = temporaryDirectory()

  const { notice } = await openCredentialStore(
    optionsFor(directory.path, { ...NOWHERE, NEMOCLAW_PASSPHRASE: 'correct horse' }),
  )

  expect(notice).toContain('encrypted with NEMOCLAW_PASSPHRASE.')
  expect(notice).not.toContain('correct horse')
})

testWithKeyring('takes the keychain where it answers, and never changes over by itself', async () => {
  await using service = await startSecretService()
  using directory = temporaryDirectory()

  const first = await openCredentialStore(optionsFor(directory.path, service.variables))
  expect(first.store.kind).toBe('keychain')
  expect(first.notice).toBe('Credentials are kept in the keychain (it answers).')

  const later = await openCredentialStore(optionsFor(directory.path, NOWHERE))
  expect(later.store.kind).toBe('keychain')
  await expect(
    later.store.set({ provider: 'p', key: 'K' }, { origin: 'https://a.example', value: 'sk' }),
  ).rejects.toMatchObject({
    code: 'ERR_KEYCHAIN_UNAVAILABLE',
  })
  expect(readdirSync(directory.path).sort()).toEqual(['credential-store.json', 'credential-store.lock'])
})

testWithKeyring('leaves it to the user where the keychain is locked or hangs', async () => {
  await using service = await startSecretService()
  using directory = temporaryDirectory()
  service.lock()

  await expect(openCredentialStore(optionsFor(directory.path, service.variables))).rejects.toMatchObject({
    code: 'ERR_KEYCHAIN_LOCKED',
    suggestions: expect.arrayContaining([expect.stringContaining('NEMOCLAW_CREDENTIAL_STORE=file')]),
  })
  service.keyring.kill('SIGSTOP')
  await expect(openCredentialStore(optionsFor(directory.path, service.variables, 300))).rejects.toMatchObject({
    code: 'ERR_KEYCHAIN_TIMEOUT',
  })
  expect(readStoreChoice({ path: directory.path, shownAs: '' })).toBeUndefined()

  const byHand = { ...service.variables, NEMOCLAW_CREDENTIAL_STORE: 'file' }
  expect((await openCredentialStore(optionsFor(directory.path, byHand))).store.kind).toBe('file')
  expect((await openCredentialStore(optionsFor(directory.path, service.variables))).store.kind).toBe('file')
})

test('says so where NEMOCLAW_CREDENTIAL_STORE overrides what was chosen, and does not forget that', async () => {
  using directory = temporaryDirectory()
  await openCredentialStore(optionsFor(directory.path, NOWHERE))

  const overridden = await openCredentialStore(
    optionsFor(directory.path, { ...NOWHERE, NEMOCLAW_CREDENTIAL_STORE: 'keychain' }),
  )

  expect(overridden.store.kind).toBe('keychain')
  expect(overridden.notice).toBe(
    'NEMOCLAW_CREDENTIAL_STORE sends this credential to the keychain; others go to the sealed file.',
  )
  expect((await openCredentialStore(optionsFor(directory.path, NOWHERE))).store.kind).toBe('file')
})

test('refuses a store that does not exist', async () => {
  using directory = temporaryDirectory()

  await expect(
    openCredentialStore(optionsFor(directory.path, { NEMOCLAW_CREDENTIAL_STORE: 'vault' })),
  ).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_STORE_UNKNOWN',
    message: 'NEMOCLAW_CREDENTIAL_STORE is "vault"',
    exitCode: 2,
  })
})

test('chooses once where many ask at the same time', async () => {
  using directory = temporaryDirectory()

  const opened = await Promise.all(
    Array.from({ length: 8 }, () => openCredentialStore(optionsFor(directory.path, NOWHERE))),
  )

  expect(opened.filter(({ notice }) => notice !== undefined)).toHaveLength(1)
})

test('chooses nothing anew where its memory is damaged', async () => {
  using directory = temporaryDirectory()
  const file = `${directory.path}/credential-store.json`
  writeFileSync(file, '{"kind":"ke', { mode: 0o600 })

  await expect(openCredentialStore(optionsFor(directory.path, NOWHERE))).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_STORE_CHOICE',
    message: '~/.config/nemoclaw/credential-store.json is damaged',
  })
  expect(readFileSync(file, 'utf8')).toBe('{"kind":"ke')
})
