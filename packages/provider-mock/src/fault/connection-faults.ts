import type { Fault } from './fault.js'

const DELAY_MAX_MS = 600_000

/** Faults of timing and of the connection. */
export const CONNECTION_FAULTS: readonly Fault[] = [
  {
    name: 'slow-first-byte',
    summary: 'Silence before the response head.',
    parameter: { unit: 'ms', default: 2_000, max: DELAY_MAX_MS },
    misbehave: (firstByteDelayMs) => ({ firstByteDelayMs }),
  },
  {
    name: 'slow-stream',
    summary: 'Time between two pieces of the content.',
    parameter: { unit: 'ms', default: 200, max: DELAY_MAX_MS },
    misbehave: (pieceDelayMs) => ({ pieceDelayMs }),
  },
  { name: 'hang', summary: 'No answer; the connection stays open.', misbehave: () => ({ instead: 'hang' }) },
  { name: 'close', summary: 'FIN instead of an answer.', misbehave: () => ({ instead: 'close' }) },
  { name: 'reset', summary: 'A TCP reset instead of an answer.', misbehave: () => ({ instead: 'reset' }) },
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
    summary: 'Half of the content, the beginning of a chunk, then FIN.',
    misbehave: () => ({ halfWay: 'end_mid_chunk' }),
  },
  { name: 'not-http', summary: 'A line that is no HTTP, then FIN.', misbehave: () => ({ instead: 'not_http' }) },
  {
    name: 'conflicting-framing',
    summary: 'Content-Length and Transfer-Encoding both.',
    misbehave: () => ({ instead: 'conflicting_framing' }),
  },
]
