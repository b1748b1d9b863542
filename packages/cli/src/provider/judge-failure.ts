import { ProxyError } from '@nemoclaw/proxy-core/control-plane'
import type { VerificationFailure } from './verification.js'

// OpenSSL's verification results and Node's own: there is no common prefix.
const TLS_CODE = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^EPROTO$|HOSTNAME_MISMATCH|INVALID_CA/

/**
 * What a request that got no answer means. Never quotes the error's own message, but for our own refusals: libraries
 * put whole requests into theirs.
 *
 * @param origin - Whom we asked, e.g. `https://api.example.com`.
 */
export function judgeFailure(error: unknown, origin: string, provider: string): VerificationFailure {
  const refusal = causes(error).find((cause) => cause instanceof ProxyError)
  const checkBaseUrl = `Check the base URL: nemoclaw provider get ${provider}`
  if (refusal?.code.startsWith('ERR_UPSTREAM_PROXY_')) {
    return {
      class: 'upstream_proxy_failed',
      sentence: refusal.message,
      nextStep: 'Check --upstream-proxy and what belongs to it, or NEMOCLAW_UPSTREAM_PROXY in the environment.',
    }
  }
  if (refusal) {
    return { class: 'address_refused', sentence: refusal.message, nextStep: checkBaseUrl }
  }
  const code =
    causes(error)
      .map(errorCode)
      .find((found) => found !== undefined && !found.startsWith('ERR_GOT')) ?? ''
  if (code === 'ETIMEDOUT' || code === 'ERR_CANCELED') {
    return { class: 'timed_out', sentence: `${origin} did not answer in time`, nextStep: 'Try again later.' }
  }
  if (TLS_CODE.test(code)) {
    return {
      class: 'tls_failed',
      sentence: `the certificate of ${origin} cannot be trusted (${code})`,
      nextStep: 'If it is your own CA: --upstream-ca FILE',
    }
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      class: 'unreachable',
      sentence: `the name in ${origin} cannot be resolved (${code})`,
      nextStep: checkBaseUrl,
    }
  }
  if (code.startsWith('HPE_')) {
    return {
      class: 'unexpected_answer',
      sentence: `${origin} does not answer in HTTP (${code})`,
      nextStep: checkBaseUrl,
    }
  }
  return {
    class: 'unreachable',
    sentence: `no connection to ${origin}${code === '' ? '' : ` (${code})`}`,
    nextStep: code === 'ECONNREFUSED' ? `Is it running? ${checkBaseUrl}` : checkBaseUrl,
  }
}

function causes(error: unknown): readonly Error[] {
  const found: Error[] = []
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) found.push(at)
  return found
}

function errorCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
