import type { Field } from '../answer/answer.js'

/** How an answer departs from a good one. Everything absent is as it should be. */
export interface Misbehaviour {
  /** An error in the dialect's shape instead of an answer. */
  readonly errorStatus?: number
  /** A redirect to another host instead of an answer. */
  readonly redirectStatus?: number
  /** Milliseconds of silence before the response head. */
  readonly firstByteDelayMs?: number
  /** Milliseconds between two pieces of the content. */
  readonly pieceDelayMs?: number
  /** What happens after half of the content. */
  readonly halfWay?: 'reset' | 'end' | 'end_mid_chunk' | 'hang' | 'garbage' | 'error_event'
  /** No response at all; the connection stays open. */
  readonly hangs?: boolean
  /** More response fields. */
  readonly fields?: readonly Field[]
  /** The credential received, in a response field and in the text. */
  readonly echoesCredential?: boolean
  /** Length of the text, in bytes. */
  readonly replyBytes?: number
  /** Content that is announced as JSON and is none. */
  readonly brokenJson?: boolean
  /** Both Content-Length and Transfer-Encoding (RFC 9112 §6.3). */
  readonly conflictingFraming?: boolean
  /** 422 unless the token limit is called `max_completion_tokens`. */
  readonly rejectsMaxTokens?: boolean
  /** Whether a tool is called; by default when the request offers one and no result is there yet. */
  readonly tools?: 'always' | 'never'
}
