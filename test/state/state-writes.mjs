// The writes that are cut off at each system call, and what a reader finds afterwards.
import { readdirSync } from 'node:fs'
import { LocalConfigStore } from '../../packages/cli/dist/cluster/local-config-store.js'
import { changeCredentials } from '../../packages/cli/dist/credential/change-credentials.js'
import { credentialStores } from '../../packages/cli/dist/credential/credential-stores.js'
import { openFingerprint } from '../../packages/cli/dist/credential/fingerprint.js'
import { ReferenceResolver } from '../../packages/cli/dist/credential/reference-resolver.js'
import { resolveCredential } from '../../packages/cli/dist/credential/resolve-credential.js'

const ORIGIN = 'https://api.example.com'

/** Adds one provider more, or gives the one provider the next value `sk-1`, `sk-2` ... of its credential. */
export async function write(kind, path) {
  const config = new LocalConfigStore({ directory: path })
  const { version } = await config.read()
  const name = kind === 'config' ? `p-${version}` : 'nvidia'
  const change = (current, credentials) => ({
    ...current,
    providers: { ...current.providers, [name]: record(name, credentials) },
  })
  if (kind === 'config') return config.update((current) => change(current, {}))
  const access = await accessTo(path)
  const values = new Map([['NVIDIA_API_KEY', { origin: ORIGIN, value: `sk-${version + 1}` }]])
  await changeCredentials(config, { provider: name, put: { store: access.stores.file, values }, change }, access)
}

/** The version, what it means, and what lies in the folder. @throws where any of it cannot be read. */
export async function read(kind, path) {
  const document = await new LocalConfigStore({ directory: path }).read()
  const files = readdirSync(path).sort()
  if (kind === 'config') return { version: document.version, value: Object.keys(document.providers).join(), files }
  const provider = document.providers.nvidia
  if (provider === undefined) return { version: 0, value: '', files }
  const { value } = await resolveCredential(provider, 'NVIDIA_API_KEY', ORIGIN, await accessTo(path))
  return { version: document.version, value, files }
}

async function accessTo(path) {
  const directory = { path, shownAs: path }
  const environment = () => undefined
  return {
    directory,
    stores: credentialStores({ directory, environment }),
    references: new ReferenceResolver({ environment }),
    fingerprint: await openFingerprint(directory),
  }
}

function record(name, credentials) {
  const now = '2026-01-31T12:00:00.000Z'
  return { id: name, name, type: 'mock', credentials, config: {}, headers: [], createdAt: now, updatedAt: now }
}
