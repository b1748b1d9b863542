import { EgressDenied } from '../policy/egress-denied.js'
import type { ProxyError } from '../proxy-error.js'

/** @returns JSON text for a refusal on the proxy's own port: no dialect applies there. */
export function refusalContent(error: ProxyError): string {
  return JSON.stringify({
    error: error.clientCode,
    detail: error.message,
    policy: error instanceof EgressDenied ? (error.policy ?? null) : null,
    next_steps: nextSteps(error),
  })
}

function nextSteps(error: ProxyError): readonly string[] {
  if (error instanceof EgressDenied) {
    return [...error.nextSteps, 'Models need no rule: ask for them at https://inference.local/v1.']
  }
  return error.code === 'ERR_PROXY_AUTHENTICATION_REQUIRED' ? ['eval "$(nemoclaw env)"'] : []
}
