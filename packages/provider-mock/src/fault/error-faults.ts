import type { Fault } from './fault.js'

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

/** Statuses whose answer says when to come back. */
const WITH_RETRY_AFTER: readonly number[] = [429, 503, 529]

/** Faults that are an answer of another status. */
export const ERROR_FAULTS: readonly Fault[] = [
  ...ERRORS.map(errorFault),
  {
    name: 'html-error',
    summary: 'An HTML page, as a gateway before the provider sends it.',
    parameter: { unit: 'status', default: 502, min: 400, max: 599 },
    misbehave: (htmlStatus) => ({ htmlStatus }),
  },
  {
    name: 'redirect',
    summary: 'A redirect to another host.',
    parameter: { unit: 'status', default: 307, min: 300, max: 399 },
    misbehave: (redirectStatus) => ({ redirectStatus }),
  },
  {
    name: 'reject-max-tokens',
    summary: '422 unless the token limit is called max_completion_tokens.',
    misbehave: () => ({ rejectsMaxTokens: true }),
  },
]

function errorFault([status, meaning]: (typeof ERRORS)[number]): Fault {
  if (!WITH_RETRY_AFTER.includes(status)) {
    return {
      name: String(status),
      summary: `${meaning}, in the dialect's shape.`,
      misbehave: () => ({ errorStatus: status }),
    }
  }
  return {
    name: String(status),
    summary: `${meaning}, in the dialect's shape, with Retry-After.`,
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
