import type { Misbehaviour } from './misbehaviour.js'

/** A model name that makes the provider misbehave. */
export interface Fault {
  /** Model name without `mock/` and parameter. */
  readonly name: string
  /** What it does, for the model list and the README. */
  readonly summary: string
  /** What may follow the colon. */
  readonly parameter?: {
    readonly unit: 'ms' | 'bytes' | 'seconds' | 'status'
    readonly default: number
    readonly max: number
  }
  readonly misbehave: (parameter: number) => Misbehaviour
}

const DELAY_MAX_MS = 600_000

const ERRORS = [
  [400, 'Bad request'],
  [401, 'Key refused'],
  [403, 'Key may not do this'],
  [404, 'Model not found'],
  [408, 'Request timeout'],
  [409, 'Conflict'],
  [413, 'Content too large'],
  [422, 'Content makes no sense'],
  [429, 'Rate limited'],
  [500, 'Server error'],
  [502, 'Bad gateway'],
  [503, 'Unavailable'],
  [529, 'Overloaded'],
] as const

/** Statuses whose answer says when to come back, and whose parameter is those seconds. */
const RETRYABLE: readonly number[] = [429, 503, 529]

function errorFault([status, summary]: (typeof ERRORS)[number]): Fault {
  if (!RETRYABLE.includes(status)) {
    return {
      name: String(status),
      summary: `${summary}, in the dialect's shape.`,
      misbehave: () => ({ errorStatus: status }),
    }
  }
  return {
    name: String(status),
    summary: `${summary}, in the dialect's shape, with Retry-After (parameter: seconds).`,
    parameter: { unit: 'seconds', default: 1, max: 86_400 },
    misbehave: (seconds) => ({
      errorStatus: status,
      fields: [
        ['retry-after', String(seconds)],
        ['x-should-retry', 'true'],
      ],
    }),
  }
}

/** Every model name with a meaning; all others are answered as `mock/echo` is. */
export const FAULTS: readonly Fault[] = [
  { name: 'echo', summary: 'Repeats the question. Calls a tool where the request offers one.', misbehave: () => ({}) },
  { name: 'text', summary: 'As echo, and never calls a tool.', misbehave: () => ({ tools: 'never' }) },
  {
    name: 'tool',
    summary: 'Always calls a tool, the result of an earlier call or not.',
    misbehave: () => ({ tools: 'always' }),
  },
  {
    name: 'slow-first-byte',
    summary: 'Silence before the response head.',
    parameter: { unit: 'ms', default: 2_000, max: DELAY_MAX_MS },
    misbehave: (firstByteDelayMs) => ({ firstByteDelayMs }),
  },
  {
    name: 'slow-stream',
    summary: 'Time between two pieces of content.',
    parameter: { unit: 'ms', default: 200, max: DELAY_MAX_MS },
    misbehave: (pieceDelayMs) => ({ pieceDelayMs }),
  },
  { name: 'hang', summary: 'Never answers; the connection stays open.', misbehave: () => ({ hangs: true }) },
  { name: 'hang-mid-stream', summary: 'Half of the content, then silence.', misbehave: () => ({ halfWay: 'hang' }) },
  {
    name: 'reset-mid-stream',
    summary: 'Half of the content, then a TCP reset.',
    misbehave: () => ({ halfWay: 'reset' }),
  },
  {
    name: 'truncated',
    summary: 'Half of the content, then a clean end without the terminal event.',
    misbehave: () => ({ halfWay: 'end' }),
  },
  {
    name: 'close-mid-chunk',
    summary: 'Half of the content, a piece of a chunk, then FIN.',
    misbehave: () => ({ halfWay: 'end_mid_chunk' }),
  },
  {
    name: 'garbage-event',
    summary: 'One event in the middle whose data is not JSON and not UTF-8.',
    misbehave: () => ({ halfWay: 'garbage' }),
  },
  {
    name: 'early-error-event',
    summary: 'A stream that begins well, then the dialect’s error event and a clean end.',
    misbehave: () => ({ halfWay: 'error_event' }),
  },
  ...ERRORS.map(errorFault),
  {
    name: 'redirect',
    summary: 'A redirect to another host (parameter: status).',
    parameter: { unit: 'status', default: 307, max: 399 },
    misbehave: (redirectStatus) => ({ redirectStatus }),
  },
  {
    name: 'echo-credential',
    summary: 'The received credential in a response field, the text and the stream.',
    misbehave: () => ({ echoesCredential: true }),
  },
  {
    name: 'set-cookie',
    summary: 'Set-Cookie, Alt-Svc and Strict-Transport-Security beside a good answer.',
    misbehave: () => ({
      fields: [
        ['set-cookie', 'session=mock; Path=/; HttpOnly'],
        ['set-cookie', '__cf_bm=mock; Domain=.example; Secure'],
        ['alt-svc', 'h3=":443"; ma=86400'],
        ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
      ],
    }),
  },
  {
    name: 'huge',
    summary: 'A very long text.',
    parameter: { unit: 'bytes', default: 8 * 1024 * 1024, max: 256 * 1024 * 1024 },
    misbehave: (replyBytes) => ({ replyBytes }),
  },
  {
    name: 'bad-json',
    summary: '200, announced as JSON (or events of it), and broken.',
    misbehave: () => ({ brokenJson: true }),
  },
  {
    name: 'conflicting-framing',
    summary: 'Content-Length and Transfer-Encoding both.',
    misbehave: () => ({ conflictingFraming: true }),
  },
  {
    name: 'reject-max-tokens',
    summary: '422 unless the token limit is called max_completion_tokens.',
    misbehave: () => ({ rejectsMaxTokens: true }),
  },
]
