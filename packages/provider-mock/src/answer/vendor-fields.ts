import type { Field } from './answer.js'
import type { Dialect } from './dialect.js'

/**
 * The request-id and rate-limit fields that the vendor sends with every response.
 *
 * @param elapsedMs - Milliseconds between the request's head and the answer.
 */
export function vendorFields(dialect: Dialect, requestId: string, elapsedMs: number): readonly Field[] {
  if (dialect === 'anthropic') {
    return [
      ['request-id', requestId],
      ['anthropic-organization-id', '00000000-0000-4000-8000-000000000000'],
      ['anthropic-ratelimit-requests-limit', '4000'],
      ['anthropic-ratelimit-requests-remaining', '3999'],
      ['anthropic-ratelimit-requests-reset', '2030-01-01T00:00:00Z'],
      ['anthropic-ratelimit-tokens-limit', '400000'],
      ['anthropic-ratelimit-tokens-remaining', '399000'],
      ['anthropic-ratelimit-tokens-reset', '2030-01-01T00:00:00Z'],
    ]
  }
  return [
    ['x-request-id', requestId],
    ['openai-organization', 'mock-organization'],
    ['openai-processing-ms', String(Math.round(elapsedMs))],
    ['openai-version', '2020-10-01'],
    ['x-ratelimit-limit-requests', '10000'],
    ['x-ratelimit-limit-tokens', '200000'],
    ['x-ratelimit-remaining-requests', '9999'],
    ['x-ratelimit-remaining-tokens', '199000'],
    ['x-ratelimit-reset-requests', '8.64s'],
    ['x-ratelimit-reset-tokens', '0s'],
  ]
}
