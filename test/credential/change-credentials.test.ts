import { expect, test } from 'vitest'
import type { ConfigDocument } from '../../packages/cli/src/config/schema.js'
import { changeCredentials } from '../../packages/cli/src/credential/change-credentials.js'
import type { CredentialAccess } from '../../packages/cli/src/credential/credential-access.js'
import type { CredentialStore } from '../../packages/cli/src/credential/credential-store.js'
import { resolveCredential } from '../../packages/cli/src/credential/resolve-credential.js'
import { providerRecord } from '../state/provider-record.js'
import { temporaryDirectory } from '../state/temporary-directory.js'
import { testNeeding } from '../state/test-needing.js'
import { accessIn, ORIGIN, values, withCredentials, withProvider } from './credential-access.js'
import { SECRET_SERVICE_PROGRAMS, startSecretService } from './secret-service.js'

const testWithKeyring = testNeeding(SECRET_SERVICE_PROGRAMS)
const slot = (key: string) => ({ provider: 'nvidia', key })

async function storedValue(
  document: ConfigDocument,
  key: string,
  access: CredentialAccess,
  origin = ORIGIN,
): Promise<string> {
  const provider = document.providers['nvidia'] ?? providerRecord('nvidia')
  return (await resolveCredential(provider, key, origin, access)).value
}

/** A store that breaks at the n-th change and after; everything else is the real one. */
function breakingAt(store: CredentialStore, change: number): CredentialStore {
  let changes = 0
  const orBreak = <Result>(action: () => Promise<Result>): Promise<Result> =>
    ++changes >= change ? Promise.reject(new Error('the store broke')) : action()
  return {
    kind: store.kind,
    get: (at) => store.get(at),
    set: (at, credential) => orBreak(() => store.set(at, credential)),
    delete: (at) => orBreak(() => store.delete(at)),
  }
}

test('creates, rotates and unsets credentials together with their records', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const store = access.stores.file

  const created = await changeCredentials(
    access.config,
    { provider: 'nvidia', put: { store, values: values({ A: 'sk-a', B: 'sk-b' }) }, change: withCredentials },
    access,
  )
  expect(created.notices).toEqual([])
  expect(created.document.providers['nvidia']?.credentials).toMatchObject({
    A: { kept: 'file', origin: ORIGIN, fingerprint: access.fingerprint('sk-a') },
    B: { kept: 'file', origin: ORIGIN, fingerprint: access.fingerprint('sk-b') },
  })

  const rotated = await changeCredentials(
    access.config,
    { provider: 'nvidia', put: { store, values: values({ A: 'sk-a2' }) }, change: withCredentials },
    access,
  )
  expect(await storedValue(rotated.document, 'A', access)).toBe('sk-a2')
  expect(await storedValue(rotated.document, 'B', access)).toBe('sk-b')

  const { A: _unset, ...rest } = rotated.document.providers['nvidia']?.credentials ?? {}
  const unset = await changeCredentials(
    access.config,
    {
      provider: 'nvidia',
      change: (current) => withProvider(current, { ...providerRecord('nvidia'), credentials: rest }),
    },
    access,
  )
  expect(unset.notices).toEqual([])
  expect(await store.get(slot('A'))).toBeUndefined()
  expect(await storedValue(unset.document, 'B', access)).toBe('sk-b')

  const deleted = await changeCredentials(
    access.config,
    { provider: 'nvidia', change: (current) => ({ ...current, providers: {} }) },
    access,
  )
  expect(deleted.document.providers).toEqual({})
  expect(await store.get(slot('B'))).toBeUndefined()
})

test('changes no stored value where the configuration refuses', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const store = access.stores.file
  const put = (value: string) => ({ store, values: values({ A: value }) })
  const { document } = await changeCredentials(
    access.config,
    { provider: 'nvidia', put: put('sk-old'), change: withCredentials },
    access,
  )
  const exists = () => {
    throw new Error("provider 'nvidia' already exists")
  }

  await expect(
    changeCredentials(access.config, { provider: 'nvidia', put: put('sk-new'), change: exists }, access),
  ).rejects.toThrow('already exists')

  expect(await storedValue(document, 'A', access)).toBe('sk-old')
  expect(await access.config.read()).toEqual(document)
  expect(await store.get(slot('A#next'))).toBeUndefined()
})

test('loses no value, whichever change of the store is the last one it makes', async () => {
  for (let change = 1; change <= 5; change++) {
    using directory = temporaryDirectory()
    const access = await accessIn(directory.path)
    const store = access.stores.file
    const first = await changeCredentials(
      access.config,
      { provider: 'nvidia', put: { store, values: values({ A: 'sk-old', B: 'sk-old' }) }, change: withCredentials },
      access,
    )

    const put = {
      store: breakingAt(store, change),
      values: values({ A: 'sk-new', B: 'sk-new' }, 'https://other.example'),
    }
    const outcome = await changeCredentials(
      access.config,
      { provider: 'nvidia', put, change: withCredentials },
      access,
    ).then(
      ({ notices }) => notices,
      (error: Error) => error.message,
    )

    const document = await access.config.read()
    const isNew = document.version > first.document.version
    expect(outcome).toEqual(
      isNew ? expect.arrayContaining([expect.stringContaining('could not be tidied up')]) : 'the store broke',
    )
    for (const key of ['A', 'B']) {
      const value = await storedValue(document, key, access, isNew ? 'https://other.example' : ORIGIN)
      expect(value).toBe(isNew ? 'sk-new' : 'sk-old')
    }

    // And the next rotation goes on from there.
    const next = { provider: 'nvidia', put: { store, values: values({ A: 'sk-next' }) }, change: withCredentials }
    expect(await storedValue((await changeCredentials(access.config, next, access)).document, 'A', access)).toBe(
      'sk-next',
    )
  }
})

test('keeps what an interrupted rotation staged while the next one is refused', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const store = access.stores.file
  const rotate = (value: string, to = store, change = withCredentials) =>
    changeCredentials(
      access.config,
      { provider: 'nvidia', put: { store: to, values: values({ A: value }) }, change },
      access,
    )
  await rotate('sk-1')
  await rotate('sk-2', breakingAt(store, 2)) // Staged and committed; its slot still has sk-1.
  const refuse = () => {
    throw new Error('no')
  }

  await expect(rotate('sk-3', store, refuse)).rejects.toThrow('no')

  expect(await storedValue(await access.config.read(), 'A', access)).toBe('sk-2')
})

test('of two who create the same provider at once, the one that the configuration took has its value kept', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const create = (value: string) =>
    changeCredentials(
      access.config,
      {
        provider: 'nvidia',
        put: { store: access.stores.file, values: values({ A: value }) },
        change: (current, records) => {
          if (current.providers['nvidia'] !== undefined) throw new Error('already exists')
          return withCredentials(current, records)
        },
      },
      access,
    )

  const outcomes = await Promise.allSettled(['sk-1', 'sk-2', 'sk-3', 'sk-4'].map(create))

  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await storedValue(await access.config.read(), 'A', access)).toBe(`sk-${winner + 1}`)
})

test('refuses a value that no HTTP field can carry before it touches anything', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const put = { store: access.stores.file, values: values({ A: 'sk-hidden\r\nx: y' }) }

  const error = await changeCredentials(
    access.config,
    { provider: 'nvidia', put, change: withCredentials },
    access,
  ).catch((reason: unknown) => reason)

  expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_INVALID', exitCode: 2 })
  expect((error as Error).stack).not.toContain('sk-hidden')
  expect((await access.config.read()).version).toBe(0)
})

testWithKeyring(
  'rotates in a real keyring and leaves one item, and moves it to the file and nowhere else',
  async () => {
    await using service = await startSecretService()
    using directory = temporaryDirectory()
    const access = await accessIn(directory.path, service.environment)
    const put = (kind: 'keychain' | 'file', value: string) => ({
      provider: 'nvidia',
      put: { store: access.stores[kind], values: values({ A: value }) },
      change: withCredentials,
    })

    await changeCredentials(access.config, put('keychain', 'sk-1'), access)
    const rotated = await changeCredentials(access.config, put('keychain', 'sk-2'), access)
    expect(await storedValue(rotated.document, 'A', access)).toBe('sk-2')
    expect(service.search('service,nemoclaw')).toHaveLength(1)

    const moved = await changeCredentials(access.config, put('file', 'sk-3'), access)
    expect(moved.notices).toEqual([])
    expect(await storedValue(moved.document, 'A', access)).toBe('sk-3')
    expect(service.search('service,nemoclaw')).toEqual([])
  },
)

testWithKeyring('deletes a provider while the keychain is locked, and says what is left where', async () => {
  await using service = await startSecretService()
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path, service.environment)
  const put = { store: access.stores.keychain, values: values({ A: 'sk-1' }) }
  await changeCredentials(access.config, { provider: 'nvidia', put, change: withCredentials }, access)
  service.lock()

  const { document, notices } = await changeCredentials(
    access.config,
    { provider: 'nvidia', change: (current) => ({ ...current, providers: {} }) },
    access,
  )

  expect(document.providers).toEqual({})
  expect(notices).toEqual([
    'the old A is still in the keychain; remove it there: service nemoclaw, account provider/nvidia/A (the keychain is locked)',
  ])
})
