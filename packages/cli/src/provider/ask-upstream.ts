import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { rootCertificates } from 'node:tls'
import {
  checkServerIdentity,
  guardedLookup,
  leadsOutside,
  literalAddressRefusal,
  type ResolvedRoute,
  type UpstreamProxy,
  upstreamFields,
} from '@nemoclaw/proxy-core/control-plane'
import { TunnelAgent } from './tunnel-agent.js'

export interface AskUpstreamOptions {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number
  /** PEM certificates trusted besides those that Node bundles. */
  readonly extraRoots: readonly string[]
  /** What leads to providers outside, as the proxy's own requests are led. */
  readonly upstreamProxy?: UpstreamProxy | undefined
  /** `user-agent` of the request. */
  readonly userAgent: string
}

export interface UpstreamAnswer {
  readonly status: number
  /** At most 64 KiB of it, decoded. */
  readonly content: string
  readonly complete: boolean
}

const MAX_CONTENT_BYTES = 64 * 1024

/**
 * Sends one JSON request to a route's provider and waits for the answer: no retry, no redirect, certificates verified,
 * bounded in time and size, and the address checked that is dialled.
 *
 * @throws got's errors, which hold the request and with it the credential: never show or keep one. `ProxyError`
 *   `ERR_CREDENTIAL_UNAVAILABLE`, `ERR_UPSTREAM_CLEARTEXT`; as the cause of got's, `ERR_UPSTREAM_PROXY_*`.
 */
export async function askUpstream(
  route: ResolvedRoute,
  url: URL,
  content: unknown,
  { timeoutMs, extraRoots, upstreamProxy, userAgent }: AskUpstreamOptions,
): Promise<UpstreamAnswer> {
  const refusal = literalAddressRefusal(url)
  if (refusal) throw refusal
  const fields = upstreamFields(
    [
      ['content-type', 'application/json'],
      ['accept', 'application/json'],
      ['user-agent', userAgent],
    ],
    route,
  )
  const { got } = await import('got')
  const certificateAuthority = [...rootCertificates, ...extraRoots]
  const tls = { checkServerIdentity, minVersion: 'TLSv1.2' } as const
  const ended = new AbortController()
  const isProxied = upstreamProxy !== undefined && leadsOutside(url.protocol, url.hostname)
  const tunnel = isProxied && {
    proxy: upstreamProxy,
    tls: { ...tls, ca: certificateAuthority },
    connectTimeoutMs: Math.min(timeoutMs, route.timeouts.connectTimeoutMs),
    signal: ended.signal,
  }
  const exchange = got.stream(url, {
    method: 'POST',
    headers: Object.fromEntries(fields),
    body: JSON.stringify(content),
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    // Node's own agents would take the credential through HTTP_PROXY where NODE_USE_ENV_PROXY is set, which
    // `nemoclaw env` does for the programs of a shell.
    agent: { http: new HttpAgent(), https: tunnel ? new TunnelAgent(tunnel) : new HttpsAgent() },
    timeout: { request: timeoutMs },
    dnsLookup: guardedLookup(url.protocol === 'http:' ? 'http:' : 'https:'),
    https: { ...tls, certificateAuthority, rejectUnauthorized: true },
  })
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of exchange) {
      const bytes = Buffer.from(chunk as Uint8Array)
      chunks.push(bytes)
      length += bytes.length
      if (length > MAX_CONTENT_BYTES) break
    }
  } finally {
    ended.abort() // A tunnel that is still being opened would keep the command from ending.
  }
  return {
    status: exchange.response?.statusCode ?? 0,
    content: Buffer.concat(chunks).subarray(0, MAX_CONTENT_BYTES).toString('utf8'),
    complete: length <= MAX_CONTENT_BYTES,
  }
}
