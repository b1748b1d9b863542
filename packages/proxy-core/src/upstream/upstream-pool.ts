import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import type { Agent, buildConnector } from 'undici'
import type { ProxyErrorCode } from '../proxy-error.js'
import { checkServerIdentity } from './check-server-identity.js'
import { connectThroughProxy } from './connect-through-proxy.js'
import { guardedLookup, literalAddressRefusal } from './guarded-lookup.js'
import { leadsOutside } from './leads-outside.js'
import type { SendUpstream } from './send-upstream.js'
import { UpstreamAttempt } from './upstream-attempt.js'
import { upstreamFailure } from './upstream-failure.js'
import type { UpstreamProxy } from './upstream-proxy.js'

export interface UpstreamPoolOptions {
  /** PEM certificates trusted besides those that Node bundles. */
  readonly extraRoots?: readonly string[]
  /** What leads to providers outside; `undefined` where they are dialled from here. */
  readonly upstreamProxy?: UpstreamProxy | undefined
}

/** Keep-alive connections to providers. */
export interface UpstreamPool {
  readonly send: SendUpstream
  /** Loads what the first request would wait for. */
  warm(): Promise<void>
  /** Ends idle connections now and busy ones with their exchange. */
  close(): Promise<void>
}

// Some servers close an idle connection after 5 s without having said so; a request sent in that moment is lost.
const KEEP_ALIVE_MS = 4_000
const MAX_ATTEMPTS = 2
// The route's own connect limit ends the exchange; this one only frees a socket that nobody waits for any more.
const ABANDON_CONNECT_MS = 120_000
/** What the same request would meet a moment later. A refused credential tried twice locks an account out sooner. */
const FINAL: ReadonlySet<ProxyErrorCode> = new Set([
  'ERR_UPSTREAM_TLS',
  'ERR_UPSTREAM_DNS',
  'ERR_UPSTREAM_CLEARTEXT',
  'ERR_UPSTREAM_PROXY_REFUSED',
  'ERR_UPSTREAM_PROXY_CREDENTIAL',
  'ERR_UPSTREAM_PROXY_TLS',
  'ERR_UPSTREAM_PROXY_PROTOCOL',
])

export function createUpstreamPool(options: UpstreamPoolOptions = {}): UpstreamPool {
  const { upstreamProxy } = options
  const closing = new AbortController()
  let agent: Promise<Agent> | undefined
  const theAgent = () => {
    if (!agent) {
      agent = createAgent(options, closing.signal)
      // Out of descriptors, say: the next request tries again.
      agent.catch(() => {
        agent = undefined
      })
    }
    return agent
  }
  return {
    send: async (request) => {
      const refusal = literalAddressRefusal(request.url)
      if (refusal) {
        throw refusal
      }
      const dispatcher = await theAgent()
      const isProxied = upstreamProxy !== undefined && leadsOutside(request.url.protocol, request.url.hostname)
      const through = isProxied ? ` (through the upstream proxy ${upstreamProxy.origin})` : ''
      for (let attempts = 1; ; attempts++) {
        request.signal.throwIfAborted()
        request.onAttempt(attempts)
        const attempt = new UpstreamAttempt(dispatcher, request, through)
        try {
          return await attempt.response
        } catch (error) {
          // Only where no byte was written is a second try certain not to be a second request.
          if (attempt.started || attempts >= MAX_ATTEMPTS || request.signal.aborted || !isConnectFailure(error)) {
            throw upstreamFailure(error, request.url.origin)
          }
        }
      }
    },
    warm: async () => {
      await theAgent()
    },
    close: async () => {
      closing.abort(new Error('The pool is closed.'))
      await (await agent)?.destroy()
    },
  }
}

function isConnectFailure(error: unknown): boolean {
  const { code, status } = upstreamFailure(error, '')
  return status === 502 && !FINAL.has(code)
}

/** Undici takes 0.1 s to import: not before there is a request to send. */
async function createAgent(
  { extraRoots = [], upstreamProxy }: UpstreamPoolOptions,
  signal: AbortSignal,
): Promise<Agent> {
  const { Agent, buildConnector } = await import('undici')
  let secureContext: SecureContext | undefined
  const common = { timeout: ABANDON_CONNECT_MS, autoSelectFamilyAttemptTimeout: 1_000 }
  const plain = buildConnector({ ...common, lookup: guardedLookup('http:') } as buildConnector.BuildOptions)
  let secure: buildConnector.connector | undefined
  const connect: buildConnector.connector = (connectOptions, callback) => {
    if (connectOptions.protocol === 'http:') {
      plain(connectOptions, callback)
      return
    }
    // One context for all connections: parsing the roots takes 20 ms, and `ca` here would do it for each.
    secureContext ??= createSecureContext({ ca: [...rootCertificates, ...extraRoots], minVersion: 'TLSv1.2' })
    secure ??= buildConnector({
      ...common,
      secureContext,
      rejectUnauthorized: true, // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      checkServerIdentity,
      lookup: guardedLookup('https:'),
    } as buildConnector.BuildOptions)
    if (upstreamProxy === undefined || !leadsOutside('https:', connectOptions.hostname)) {
      secure(connectOptions, callback)
      return
    }
    const { hostname: host, port } = connectOptions
    const dialled = secure
    connectThroughProxy(upstreamProxy, { host, port: Number(port) || 443 }, { timeoutMs: ABANDON_CONNECT_MS, signal })
      .then(({ socket, head }) => {
        socket.unshift(head) // TLS reads it first; of an honest proxy it is empty.
        dialled({ ...connectOptions, httpSocket: socket }, callback)
      })
      .catch((error: Error) => callback(error, null))
  }
  return new Agent({
    connect,
    connections: null,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  })
}
