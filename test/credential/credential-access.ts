import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import type { ConfigDocument, CredentialRecord, ProviderRecord } from '../../packages/cli/src/config/schema.js'
import type { CredentialAccess } from '../../packages/cli/src/credential/credential-access.js'
import { credentialStores } from '../../packages/cli/src/credential/credential-stores.js'
import { openFingerprint } from '../../packages/cli/src/credential/fingerprint.js'
import { ReferenceResolver } from '../../packages/cli/src/credential/reference-resolver.js'
import { providerRecord } from '../state/provider-record.js'

export const ORIGIN = 'https://api.example.com'

/** All that a command has to change credentials in a folder. */
export async function accessIn(
  path: string,
  environment: (name: string) => string | undefined = () => undefined,
): Promise<CredentialAccess & { readonly config: LocalConfigStore }> {
  const directory = { path, shownAs: '~/.config/nemoclaw' }
  return {
    directory,
    stores: credentialStores({ directory, environment }),
    references: new ReferenceResolver({ environment }),
    fingerprint: await openFingerprint(directory),
    config: new LocalConfigStore({ directory: path, shownAs: directory.shownAs }),
  }
}

export function values(entries: Readonly<Record<string, string>>, origin = ORIGIN) {
  return new Map(Object.entries(entries).map(([key, value]) => [key, { origin, value }]))
}

/** A change that gives provider `nvidia` these credentials besides those it has. */
export function withCredentials(current: ConfigDocument, records: Readonly<Record<string, CredentialRecord>>) {
  const before = current.providers['nvidia'] ?? providerRecord('nvidia')
  return withProvider(current, { ...before, credentials: { ...before.credentials, ...records } })
}

export function withProvider(current: ConfigDocument, provider: ProviderRecord) {
  return { ...current, providers: { ...current.providers, [provider.name]: provider } }
}
