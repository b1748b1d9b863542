import type { InferenceProtocol } from '@nemoclaw/proxy-core/provider'
import { UserError } from '../user-error.js'

/** Why a provider could not be shown to work. A script may branch on it. */
export type VerificationFailureClass =
  | 'credential_rejected'
  | 'rate_limited'
  | 'request_rejected'
  | 'provider_failed'
  | 'redirected'
  | 'timed_out'
  | 'unreachable'
  | 'tls_failed'
  | 'address_refused'
  | 'upstream_proxy_failed'
  | 'unexpected_answer'
  | 'nothing_to_ask'

/** An endpoint that answered as it should. */
export interface ValidatedEndpoint {
  readonly url: string
  readonly protocol: InferenceProtocol
}

export interface VerificationFailure {
  readonly class: VerificationFailureClass
  readonly sentence: string
  readonly nextStep: string
}

export type Verification =
  | { readonly verdict: 'verified'; readonly endpoints: readonly ValidatedEndpoint[] }
  | ({ readonly verdict: 'failed' } & VerificationFailure)

/**
 * @param skip - How to go on without, where that is possible, e.g. `To store it all the same: --no-verify`.
 * @returns The validated endpoints.
 * @throws {UserError} `ERR_VERIFICATION_…`, named after the class of the failure.
 */
export function requireVerified(verification: Verification, skip?: string): readonly ValidatedEndpoint[] {
  if (verification.verdict === 'verified') return verification.endpoints
  throw new UserError(
    `ERR_VERIFICATION_${verification.class.toUpperCase()}`,
    `verification failed (${verification.class}): ${verification.sentence}`,
    { suggestions: [verification.nextStep, ...(skip === undefined ? [] : [skip])] },
  )
}
