import type { StateDirectory } from '../config/state-directory.js'
import { CaStore } from './ca-store.js'

/** What a person checks before trusting the CA. */
export interface AuthorityView {
  readonly rootPath: string
  /** SHA-256 over the DER of the root, as `openssl x509 -fingerprint -sha256` prints it. */
  readonly rootFingerprint: string
  readonly vouchesFor: 'inference.local'
  /** ISO 8601, UTC. */
  readonly notAfter: string
}

/** Makes the CA where there is none. Throws as `CaStore.open`. */
export async function showAuthority(directory: StateDirectory): Promise<AuthorityView> {
  const store = new CaStore(directory)
  const { authority } = await store.open()
  return {
    rootPath: store.rootPath,
    rootFingerprint: authority.fingerprints.root,
    vouchesFor: 'inference.local',
    notAfter: authority.notAfter.toISOString(),
  }
}
