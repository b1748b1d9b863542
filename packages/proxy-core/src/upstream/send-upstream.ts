import type { FieldList } from '../http/field-list.js'
import type { RouteTimeouts } from '../route/resolved-route.js'

/** A request to a provider. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** Without query. */
  readonly url: URL
  /** With its `?`, or empty; sent as it came. */
  readonly query: string
  /** Without `host` and `content-length`, which the sender computes. */
  readonly fields: FieldList
  /** Sent in order. */
  readonly content: readonly Buffer[]
  readonly timeouts: RouteTimeouts
  /** Aborting it ends the exchange at once and destroys its connection. */
  readonly signal: AbortSignal
  /** Called before each try, the first one is 1. */
  readonly onAttempt: (attempt: number) => void
}

/** A provider's response, its content not yet read: nothing flows until `read` is called, once. */
export interface UpstreamResponse extends UpstreamFlow {
  readonly status: number
  /** As the provider sent them. */
  readonly fields: FieldList
  /** Lets it flow; the reader may hear of the first bytes before this returns. */
  read(reader: UpstreamReader): void
}

/** Hears a response's content. Exactly one of `onEnd` and `onFailure` comes last. */
export interface UpstreamReader {
  /** @param chunk - Valid until the call returns and after it: never reused. */
  onData(chunk: Buffer): void
  onEnd(): void
  onFailure(error: Error): void
}

/** Back-pressure. While paused, the idle limit counts against the client that does not read. */
export interface UpstreamFlow {
  pause(): void
  resume(): void
}

/**
 * Sends a request upstream.
 *
 * @throws {ProxyError} `ERR_UPSTREAM_*` (502, 504), where no response head came.
 */
export type SendUpstream = (request: UpstreamRequest) => Promise<UpstreamResponse>
