import type { ResolvedRoute } from '@nemoclaw/proxy-core'
import { authorityAge } from '../ca/authority-age.js'
import type { CaStore } from '../ca/ca-store.js'
import type { ConfigStore } from '../cluster/config-store.js'
import type { StateDirectory } from '../config/state-directory.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import { credentialStores } from '../credential/credential-stores.js'
import { readStoreChoice } from '../credential/store-choice.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { counted } from '../report/counted.js'
import { LiveRoutes } from '../session/live-routes.js'
import { type Finding, fail, ok, skip, warn } from './finding.js'

export function pluginFinding({ profiles, failures }: ProfileCatalogue): Finding {
  const [broken] = failures
  return broken
    ? fail('plugins', `${broken.package}: ${broken.reason}`, `nemoclaw plugins uninstall ${broken.package}`)
    : ok('plugins', `provider types ${profiles.map(({ profile }) => profile.providerType).join(', ')}`)
}

export async function configurationFinding(store: ConfigStore): Promise<Finding> {
  const { version, providers } = await store.read()
  return ok('configuration', `version ${version}, ${counted(Object.keys(providers).length, 'provider')}`)
}

export async function storeFinding(
  directory: StateDirectory,
  environment: (name: string) => string | undefined,
): Promise<Finding> {
  const choice = readStoreChoice(directory)
  if (!choice) {
    return skip('credential-store', 'not chosen yet; the first "nemoclaw provider create" chooses it')
  }
  if (choice.kind === 'file') return ok('credential-store', `a sealed file (${choice.because})`)
  await credentialStores({ directory, environment }).keychain.probe()
  return ok('credential-store', 'the keychain stores, reads and deletes')
}

export async function authorityFinding(store: CaStore, now: Date): Promise<Finding> {
  const authority = await store.read()
  if (!authority) return skip('ca', 'not made yet; the first "nemoclaw proxy run" makes it')
  const ends = authority.notAfter.toISOString().slice(0, 10)
  switch (authorityAge(authority, now)) {
    case 'not_yet_valid':
      return fail('ca', `not valid yet: the clock says ${now.toISOString()}`, 'Set the clock: date -u')
    case 'ending':
      return warn('ca', `ends on ${ends}; a proxy that starts makes its successor`, 'nemoclaw proxy run')
    case 'fresh':
      return ok('ca', `valid until ${ends}, for inference.local only`)
  }
}

export interface RouteFindingOptions {
  readonly store: ConfigStore
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly access: () => Promise<CredentialAccess>
}

/**
 * Resolves the stored route as the proxy does, credential included.
 *
 * @returns `undefined` where there is nothing to resolve yet.
 */
export async function storedRoute({
  store,
  profiles,
  access,
}: RouteFindingOptions): Promise<ResolvedRoute | undefined> {
  const { providers, inference } = await store.read()
  if (Object.keys(providers).length === 0 && !inference) return undefined
  const routes = await LiveRoutes.open({ store, profiles, credentials: await access(), onEvent: () => {} })
  try {
    return await routes.resolve()
  } finally {
    routes.close()
  }
}
