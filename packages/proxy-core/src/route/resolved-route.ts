import type { AuthHeader, InferenceProtocol } from '../provider/index.js'
import type { Credential } from './credential.js'

/** How long each phase of an exchange may take, in milliseconds. A stream has no total limit. */
export interface RouteTimeouts {
  /** From the first attempt to dial until TCP and TLS are established. */
  readonly connectTimeoutMs: number
  /** From the request's last byte until the response head. */
  readonly firstByteTimeoutMs: number
  /** Between two pieces of the response's content. */
  readonly idleTimeoutMs: number
}

export const DEFAULT_ROUTE_TIMEOUTS: RouteTimeouts = {
  connectTimeoutMs: 10_000,
  firstByteTimeoutMs: 300_000,
  idleTimeoutMs: 300_000,
}

/** Who said that this route serves: the stored intent, a routes file, or nobody (a profile's `servesUnsetRoute`). */
export type RouteSourceKind = 'configured' | 'routes_file' | 'unset_default'

/**
 * Everything one exchange needs to know of its upstream, decided before its first byte and never again:
 * profile, provider record, credential and intent made one. Immutable.
 */
export interface ResolvedRoute {
  readonly source: RouteSourceKind
  readonly providerName: string
  readonly providerType: string
  /** Absolute http(s) URL without credentials, query or fragment; with or without `/v1`. */
  readonly baseUrl: string
  readonly protocols: readonly InferenceProtocol[]
  /** Upstream model identifier that replaces the one in each request. */
  readonly model: string
  readonly auth: AuthHeader
  /** Absent only where `auth.kind` is `none`. */
  readonly credential?: Credential
  readonly defaultHeaders: readonly (readonly [name: string, value: string])[]
  readonly passthroughHeaders: readonly string[]
  /** The operator's own fields for this provider, set after the client's and the profile's. */
  readonly extraHeaders: readonly (readonly [name: string, value: string])[]
  readonly timeouts: RouteTimeouts
  /** Whether tools that the provider itself runs (web fetch, code execution, remote MCP) may be asked for. */
  readonly serverTools: 'allow' | 'deny'
}
