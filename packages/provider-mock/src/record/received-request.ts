import type { IncomingHttpHeaders } from 'node:http'
import type { MultipartPart } from './read-multipart.js'

/** What the provider saw of one request. It fills up while the request comes in. */
export interface ReceivedRequest {
  /** 1 for the first request this provider received. */
  readonly number: number
  /** Same for all requests that came over one TCP connection; 1 for the first connection. */
  readonly connectionId: number
  readonly method: string
  /** Request target exactly as sent, query included. */
  readonly url: string
  readonly httpVersion: string
  /** Names and values in turn, spelled as sent, duplicates kept. */
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingHttpHeaders
  /** Content, chunked coding removed; empty until it has ended, cut off at `maxReceivedBytes`. */
  readonly content: Buffer
  /** Octets of content received so far, kept or not. */
  readonly contentBytes: number
  /** Whether the content was received to its end. */
  readonly contentComplete: boolean
  /** The content parsed, where it is JSON. */
  readonly json?: unknown
  /** The content taken apart, where it is `multipart/form-data`. */
  readonly parts?: readonly MultipartPart[]
  /** Value of `model`, from JSON or a multipart field. */
  readonly model?: string
  /** `Date.now()` when the head had arrived. */
  readonly receivedAtMs: number
  /** Whether the client went away before the answer was complete. */
  readonly clientAborted: boolean
  /** `Date.now()` when it went. */
  readonly clientAbortedAtMs?: number
  /** Status of the answer decided on; absent while none is, and where there is no response. */
  readonly status?: number
}
