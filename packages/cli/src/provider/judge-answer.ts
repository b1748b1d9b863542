import type { VerificationFailure } from './verification.js'

/** What came back for one probe. */
export interface ProbeAnswer {
  readonly status: number
  /** Scrubbed: at most 200 characters, without the credential. */
  readonly said: string
  /** Whether the content is a whole JSON object. */
  readonly isJsonObject: boolean
}

/** What an answer means: the endpoint works, another one may, or nothing will. */
export type AnswerJudgement =
  | { readonly verdict: 'works' }
  | { readonly verdict: 'try_next' }
  | ({ readonly verdict: 'final' } & VerificationFailure)

/** The protocol, the model or a field's name may be wrong, and the next probe's right. */
const TRY_NEXT: ReadonlySet<number> = new Set([400, 404, 405, 422])

/** @param provider - Name of the provider record, for the next step. */
export function judgeAnswer({ status, said, isJsonObject }: ProbeAnswer, provider: string): AnswerJudgement {
  if (TRY_NEXT.has(status)) return { verdict: 'try_next' }
  const quoted = said === '' ? '' : `: ${said}`
  const final = (failureClass: VerificationFailure['class'], sentence: string, nextStep: string) =>
    ({ verdict: 'final', class: failureClass, sentence, nextStep }) as const
  if (status === 401 || status === 403) {
    return final(
      'credential_rejected',
      `the provider refused the credential (${status})${quoted}`,
      `Enter it again: nemoclaw provider update ${provider} --credential KEY`,
    )
  }
  if (status === 429) {
    return final('rate_limited', `the provider says there were too many requests (429)${quoted}`, 'Wait and try again.')
  }
  if (status >= 300 && status < 400) {
    return final(
      'redirected',
      `the provider answered with a redirect (${status}), and a credential never follows one`,
      `Set the URL it leads to: nemoclaw provider update ${provider} --base-url URL`,
    )
  }
  if (status >= 500) {
    return final('provider_failed', `the provider failed (${status})${quoted}`, 'Try again later.')
  }
  if (status >= 400) {
    return final(
      'request_rejected',
      `the provider refused the request (${status})${quoted}`,
      `Check the account and the base URL: nemoclaw provider get ${provider}`,
    )
  }
  if (status >= 200 && isJsonObject) return { verdict: 'works' }
  return final(
    'unexpected_answer',
    `what answered (${status}) does not speak an inference protocol${quoted}`,
    `Check the base URL: nemoclaw provider get ${provider}`,
  )
}
