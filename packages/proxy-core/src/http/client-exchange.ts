import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request of a client and the response it will get (RFC 9110 §3.4). */
export interface ClientExchange {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Whether the client waits for `100 Continue` before it sends its content (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /**
   * Ends the exchange early. Aborted with a `ProxyError` where that is what the client should hear, and without a reason
   * where there is nobody left to hear anything.
   */
  readonly cut: AbortController
}
