import type { Field } from '../answer/answer.js'

/** How an answer departs from a good one. Everything absent is as it should be. */
export interface Misbehaviour {
  /** No response by the rules: silence, FIN, RST, no HTTP, or two framings at once (RFC 9112 §6.3). */
  readonly instead?: 'hang' | 'close' | 'reset' | 'not_http' | 'conflicting_framing'
  /** An error in the dialect's shape instead of an answer. */
  readonly errorStatus?: number
  /** An error as HTML, as a gateway before the provider sends it. */
  readonly htmlStatus?: number
  /** A redirect to another host instead of an answer. */
  readonly redirectStatus?: number
  /** 422 unless the token limit is called `max_completion_tokens`. */
  readonly rejectsMaxTokens?: boolean
  /** A 103 before the final response (RFC 8297). */
  readonly earlyHints?: boolean
  /** Milliseconds of silence before the response head. */
  readonly firstByteDelayMs?: number
  /** Milliseconds between two pieces of the content. */
  readonly pieceDelayMs?: number
  /** What happens after half of the content. */
  readonly halfWay?: 'reset' | 'end' | 'end_mid_chunk' | 'hang' | 'garbage' | 'error_event'
  /** More response fields. */
  readonly fields?: readonly Field[]
  /** Fields behind the content, which is then chunked. */
  readonly trailers?: readonly Field[]
  /** The credential received, in a response field, the text, and the trailers if there are any. */
  readonly echoesCredential?: boolean
  /** Content-Encoding gzip, where the client accepts it. */
  readonly compresses?: boolean
  /** Content that is announced as JSON and is none. */
  readonly brokenJson?: boolean
  /** Length of the text, in bytes. */
  readonly replyBytes?: number
  /** Whether a tool is called; by default when the request offers one and no result is there yet. */
  readonly tools?: 'always' | 'never'
}
