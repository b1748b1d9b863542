import { Credential } from '@nemoclaw/proxy-core/control-plane'
import { expect, test } from 'vitest'
import type { ConfigStore } from '../../packages/cli/src/cluster/config-store.js'
import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import { credentialStores } from '../../packages/cli/src/credential/credential-stores.js'
import { openFingerprint } from '../../packages/cli/src/credential/fingerprint.js'
import { ReferenceResolver } from '../../packages/cli/src/credential/reference-resolver.js'
import { createProvider, type ProviderStorage } from '../../packages/cli/src/provider/create-provider.js'
import type { ProviderChange } from '../../packages/cli/src/provider/provider-change.js'
import { updateProvider } from '../../packages/cli/src/provider/update-provider.js'
import { temporaryDirectory } from '../state/temporary-directory.js'
import { exampleProfile } from './example-profile.js'

const nothing: ProviderChange = {
  credentials: [],
  headers: [],
  config: new Map(),
  unsetCredentials: [],
  unsetConfig: [],
  movedCredentials: [],
}
const key = (value: string) => [{ key: 'EXAMPLE_API_KEY', value: new Credential(value) }]

async function storageIn(path: string): Promise<ProviderStorage & { readonly store: LocalConfigStore }> {
  const directory = { path, shownAs: path }
  const environment = () => undefined
  const stores = credentialStores({ directory, environment })
  const access = {
    directory,
    stores,
    references: new ReferenceResolver({ environment }),
    fingerprint: await openFingerprint(directory),
  }
  return {
    store: new LocalConfigStore({ directory: path }),
    openAccess: async () => access,
    openStore: async () => stores.file,
    now: () => new Date().toISOString(),
  }
}

test('a credential entered while another process moves the provider is bound to where the provider then is', async () => {
  using directory = temporaryDirectory()
  const storage = await storageIn(directory.path)
  const profile = exampleProfile()
  await createProvider('p', 'id', profile, { ...nothing, credentials: key('sk-old') }, storage)
  let others = 1
  const raced: ConfigStore = {
    read: () => storage.store.read(),
    watch: (listener) => storage.store.watch(listener),
    update: async (change, expectedVersion) => {
      if (others-- > 0) {
        await storage.store.update((current) => {
          const { p } = current.providers
          const moved = {
            ...p!,
            config: { EXAMPLE_BASE_URL: 'https://new.example.org/v1' },
            updatedAt: '2030-01-01T00:00:00.000Z',
          }
          return { ...current, providers: { ...current.providers, p: moved } }
        })
      }
      return storage.store.update(change, expectedVersion)
    },
  }

  const { record } = await updateProvider(
    'p',
    profile,
    { ...nothing, credentials: key('sk-new') },
    { ...storage, store: raced },
  )

  const { stores } = await storage.openAccess()
  const stored = await stores.file.get({ provider: 'p', key: 'EXAMPLE_API_KEY' })
  expect(record.config).toEqual({ EXAMPLE_BASE_URL: 'https://new.example.org/v1' })
  expect(record.credentials['EXAMPLE_API_KEY']?.origin).toBe('https://new.example.org')
  expect(stored?.origin).toBe('https://new.example.org')
  expect(stored?.value).toBe('sk-new')
})

test('where writing the configuration fails, the old credential is still there and the new one nowhere', async () => {
  using directory = temporaryDirectory()
  const storage = await storageIn(directory.path)
  const profile = exampleProfile()
  await createProvider('p', 'id', profile, { ...nothing, credentials: key('sk-old') }, storage)
  const broken: ConfigStore = {
    read: () => storage.store.read(),
    watch: (listener) => storage.store.watch(listener),
    update: async () => {
      throw new Error('disk full')
    },
  }

  await expect(
    updateProvider('p', profile, { ...nothing, credentials: key('sk-new') }, { ...storage, store: broken }),
  ).rejects.toThrow('disk full')

  const { stores } = await storage.openAccess()
  expect((await stores.file.get({ provider: 'p', key: 'EXAMPLE_API_KEY' }))?.value).toBe('sk-old')
  expect(await stores.file.get({ provider: 'p', key: 'EXAMPLE_API_KEY#next' })).toBeUndefined()
})
