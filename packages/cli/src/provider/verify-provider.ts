import { type ResolvedRoute, upstreamUrl } from '@nemoclaw/proxy-core/control-plane'
import { type AskUpstreamOptions, askUpstream } from './ask-upstream.js'
import { judgeAnswer } from './judge-answer.js'
import { judgeFailure } from './judge-failure.js'
import { scrubAnswer } from './scrub-answer.js'
import type { Verification } from './verification.js'
import { verificationProbes } from './verification-probe.js'

export interface VerifyProviderOptions extends Omit<AskUpstreamOptions, 'timeoutMs'> {
  /** Milliseconds for the whole verification; 30,000 where left out. */
  readonly timeoutMs?: number
  /** What must not come back in what the provider said. */
  readonly secrets: readonly string[]
}

const TIMEOUT_MS = 30_000

/**
 * Asks a provider for the least it can answer, by one protocol after the other until one works.
 *
 * A refused credential, a rate limit, a redirect and a fault of the provider are final; an answer that may mean "not by
 * this protocol" leads to the next. Never throws for what the provider does.
 */
export async function verifyProvider(route: ResolvedRoute, options: VerifyProviderOptions): Promise<Verification> {
  const { timeoutMs = TIMEOUT_MS, secrets } = options
  const endsAt = Date.now() + timeoutMs
  const { origin } = new URL(route.baseUrl)
  let firstRefusal: { readonly status: number; readonly said: string } | undefined

  for (const { protocol, path, contents } of verificationProbes(route.protocols)) {
    const url = upstreamUrl(route.baseUrl, path)
    for (const content of contents(route.model)) {
      try {
        const remainingMs = Math.max(endsAt - Date.now(), 1)
        const answer = await askUpstream(route, url, content, { ...options, timeoutMs: remainingMs })
        const said = scrubAnswer(answer.content, secrets)
        const judgement = judgeAnswer(
          { ...answer, said, isJsonObject: isJsonObject(answer.content) },
          route.providerName,
        )
        if (judgement.verdict === 'works') return { verdict: 'verified', endpoints: [{ url: url.href, protocol }] }
        if (judgement.verdict === 'final') return { ...judgement, verdict: 'failed' }
        firstRefusal ??= { status: answer.status, said }
      } catch (error) {
        return { verdict: 'failed', ...judgeFailure(error, origin, route.providerName) }
      }
    }
  }
  return firstRefusal ? refusedByAll(route, firstRefusal) : nothingToAsk(route)
}

function refusedByAll(
  { model, providerName }: ResolvedRoute,
  { status, said }: { readonly status: number; readonly said: string },
): Verification {
  return {
    verdict: 'failed',
    class: 'request_rejected',
    sentence: `the provider serves model '${model}' by none of its protocols (${status})${said === '' ? '' : `: ${said}`}`,
    nextStep: `Check the model's name and the base URL: nemoclaw provider get ${providerName}`,
  }
}

function nothingToAsk({ providerType }: ResolvedRoute): Verification {
  return {
    verdict: 'failed',
    class: 'nothing_to_ask',
    sentence: `provider type '${providerType}' has no protocol that a small request could show to work`,
    nextStep: 'Ask it something through the proxy instead.',
  }
}

function isJsonObject(content: string): boolean {
  try {
    const value: unknown = JSON.parse(content)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
