import type { ProxyError } from '../proxy-error.js'

/** @returns JSON text for a refusal on the proxy's own port: no dialect applies there. */
export function refusalContent(error: ProxyError): string {
  return JSON.stringify({
    error: error.clientCode,
    detail: error.message,
    policy: null,
    next_steps: nextSteps(error),
  })
}

function nextSteps(error: ProxyError): readonly string[] {
  switch (error.code) {
    case 'ERR_DESTINATION_DENIED':
      return ['Ask for models at https://inference.local/v1; nothing else is reachable through this proxy.']
    case 'ERR_PROXY_AUTHENTICATION_REQUIRED':
      return ['eval "$(nemoclaw env)"']
    default:
      return []
  }
}
