import { ProxyError } from '../proxy-error.js'
import { errorCode, isTlsCode } from './upstream-failure.js'
import type { UpstreamProxy } from './upstream-proxy.js'

/** Whether the connection to the proxy is still being made, or its answer to CONNECT awaited. */
export type ProxyStep = 'connect' | 'answer'

/**
 * Says in our words why there is no connection to the upstream proxy.
 *
 * @param error - `undefined` where the proxy closed without one.
 */
export function proxyConnectFailure(proxy: UpstreamProxy, error: Error | undefined, step: ProxyStep): ProxyError {
  const code = error === undefined ? 'ECONNRESET' : errorCode(error)
  const options = error === undefined ? undefined : { cause: error }
  if (step === 'connect' && isTlsCode(code)) {
    return new ProxyError(
      'ERR_UPSTREAM_PROXY_TLS',
      `The certificate or TLS of the upstream proxy ${proxy.origin} could not be verified; nothing was sent (${code}).`,
      options,
    )
  }
  const sentence = step === 'answer' ? 'closed the connection before it answered' : connectSentence(code)
  return new ProxyError(
    'ERR_UPSTREAM_PROXY_UNREACHABLE',
    `The upstream proxy ${proxy.origin} ${sentence} (${code}).`,
    options,
  )
}

/**
 * Says why the upstream proxy opened no tunnel. Quotes nothing that the proxy wrote but numbers and names of schemes.
 *
 * @param authority - Where it should have led.
 */
export function proxyRefusal(
  proxy: UpstreamProxy,
  authority: string,
  { status, schemes }: { readonly status: number; readonly schemes: readonly string[] },
): ProxyError {
  // 401 is what tinyproxy says of a wrong credential; nobody else's answer can come to CONNECT.
  if (status !== 407 && status !== 401) {
    return new ProxyError(
      'ERR_UPSTREAM_PROXY_REFUSED',
      `The upstream proxy ${proxy.origin} refused a tunnel to ${authority} (${status}).`,
    )
  }
  const takesBasic = schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === 'basic')
  const what = takesBasic
    ? proxy.credential === undefined
      ? 'wants a credential, and none was given'
      : 'does not take the credential it was given'
    : `takes a credential by ${schemes.join(' or ')} only; Basic is what can be given`
  return new ProxyError('ERR_UPSTREAM_PROXY_CREDENTIAL', `The upstream proxy ${proxy.origin} ${what} (${status}).`)
}

function connectSentence(code: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return 'has a host that cannot be resolved'
    case 'ECONNREFUSED':
      return 'refuses connections: nothing listens there'
    case 'ECONNRESET':
      return 'closed the connection at once'
    default:
      return 'could not be reached'
  }
}
