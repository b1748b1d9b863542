import { resolve } from 'node:path'
import type { ConfigStore } from '../cluster/config-store.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { LiveRoutes } from './live-routes.js'
import type { ConfigurationEvent, SessionRoutes } from './session-routes.js'

export interface OpenRoutesOptions {
  /** A routes file, which replaces the stored configuration. */
  readonly routesFile: string | undefined
  readonly store: ConfigStore
  readonly access: CredentialAccess
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly onEvent: (event: ConfigurationEvent) => void
}

/** The source of a session's routes. Throws as `FileRoutes.open` and `LiveRoutes.open`. */
export async function openRoutes(options: OpenRoutesOptions): Promise<SessionRoutes> {
  const { routesFile, store, access, profiles, onEvent } = options
  if (routesFile === undefined) return LiveRoutes.open({ store, profiles, credentials: access, onEvent })
  const path = resolve(routesFile)
  // Imported where it is needed: it brings the YAML parser.
  const { FileRoutes } = await import('./file-routes.js')
  onEvent({ kind: 'config', action: 'routes_file', detail: path })
  return FileRoutes.open({ path, profiles, ...access, onEvent })
}
