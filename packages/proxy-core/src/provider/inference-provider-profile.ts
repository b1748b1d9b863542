import type { InferenceProtocol } from './inference-protocol.js'

/**
 * How a credential travels to the provider.
 *
 * `bearer` is `Authorization: Bearer …` (RFC 6750 §2.1); `header` is a field of the provider's own, such
 * as `x-api-key`; `none` is a server that asks for nothing.
 */
export type AuthHeader =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'none' }

/**
 * All the proxy knows of a provider: plain data that a plugin contributes, so that it can be checked,
 * listed, hashed and sent to another machine, and never runs code in the proxy.
 */
export interface InferenceProviderProfile {
  /** Identifier users type, `[a-z0-9-]{1,63}`, e.g. `nvidia`. */
  readonly providerType: string
  /** Name for people, e.g. `NVIDIA NIM`. */
  readonly displayName: string
  /** Absolute URL, with or without `/v1`. https, or http for a loopback or private address. */
  readonly defaultBaseUrl: string
  /** Protocols the provider's endpoints speak. */
  readonly protocols: readonly InferenceProtocol[]
  readonly auth: AuthHeader
  /** Sent where the client did not send the field, e.g. `['anthropic-version', '2023-06-01']`. */
  readonly defaultHeaders: readonly (readonly [name: string, value: string])[]
  /** Lower-case names of client fields that may pass besides the proxy's own allow-list. */
  readonly passthroughHeaders: readonly string[]
  /** Environment variables that may hold the credential, in discovery order. */
  readonly credentialKeyNames: readonly string[]
  /** Environment variables and config keys that may hold the base URL, in discovery order. */
  readonly baseUrlConfigKeys: readonly string[]
  /** Model served where the operator chose none. */
  readonly defaultModel?: string
  /** Serves `inference.local` while no route is set and exactly one provider of this type exists. Needs `defaultModel`. */
  readonly servesUnsetRoute?: boolean
}

/** What an oclif hook `nemoclaw:inference-provider` returns. */
export type InferenceProviderHook = () => Promise<InferenceProviderProfile | readonly InferenceProviderProfile[]>
