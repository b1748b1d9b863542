import type { StateDirectory } from '../config/state-directory.js'
import type { CredentialStores } from './credential-stores.js'
import type { Fingerprint } from './fingerprint.js'
import type { ReferenceResolver } from './reference-resolver.js'

/** What it takes to get at credentials: made once by a command or a session, and passed on. */
export interface CredentialAccess {
  readonly directory: StateDirectory
  readonly stores: CredentialStores
  readonly references: ReferenceResolver
  readonly fingerprint: Fingerprint
}
