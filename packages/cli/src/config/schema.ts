/**
 * The stored configuration: intent only. No secret is ever in it; see `CredentialRecord`.
 */
export interface ConfigDocument {
  readonly schemaVersion: 1
  /** Rises by one per change; the compare-and-swap token. 0 means nothing was ever written. */
  readonly version: number
  readonly providers: Readonly<Record<string, ProviderRecord>>
  /** Where `inference.local` leads; absent until `cluster inference set`. */
  readonly inference?: InferenceIntent
}

/** Its dictionary has no prototype, like that of every document read: see `parseConfig`. */
export const EMPTY_CONFIG: ConfigDocument = Object.freeze({
  schemaVersion: 1,
  version: 0,
  providers: Object.freeze(Object.create(null)),
})

/** A named provider: which profile applies, what is kept for it, and where. */
export interface ProviderRecord {
  /** UUID; survives everything but deletion, so that a name used again is not the same provider. */
  readonly id: string
  readonly name: string
  readonly type: string
  /** By credential key name, e.g. `NVIDIA_API_KEY`. */
  readonly credentials: Readonly<Record<string, CredentialRecord>>
  /** By config key, e.g. `NVIDIA_BASE_URL`. */
  readonly config: Readonly<Record<string, string>>
  /** Extra request fields, in the order they were given. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

/** Where a credential is and what it may be used for; never the credential. */
export type CredentialRecord =
  | {
      /** The store that holds the value under `provider/<name>/<KEY>`. */
      readonly kept: 'keychain' | 'file'
      /** Origin it was entered for (scheme://host:port); of no use for any other. */
      readonly origin: string
      /** HMAC-SHA-256 under this machine's own key, 16 hexadecimal digits: shows a change, not the value. */
      readonly fingerprint: string
      readonly updatedAt: string
    }
  | {
      readonly kept: 'reference'
      /** `env:NAME`, `file:PATH` or `exec:COMMAND`. */
      readonly reference: string
      readonly origin: string
      /** Shows that reference and origin are as they were entered; see `referenceSeal`. */
      readonly seal: string
      readonly updatedAt: string
    }

/** What the operator chose for `inference.local`. */
export interface InferenceIntent {
  /** Name of a provider record. */
  readonly provider: string
  readonly model: string
  /** Starts at 1 and rises by one per change of this intent. */
  readonly version: number
  readonly connectTimeoutMs?: number
  readonly firstByteTimeoutMs?: number
  readonly idleTimeoutMs?: number
  readonly serverTools?: 'allow' | 'deny'
  readonly updatedAt: string
}
