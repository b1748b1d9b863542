import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import type { Agent, buildConnector } from 'undici'
import { checkServerIdentity } from './check-server-identity.js'
import { guardedLookup, literalAddressRefusal } from './guarded-lookup.js'
import type { SendUpstream } from './send-upstream.js'
import { UpstreamAttempt } from './upstream-attempt.js'
import { upstreamFailure } from './upstream-failure.js'

export interface UpstreamPoolOptions {
  /** PEM certificates trusted besides those that Node bundles. */
  readonly extraRoots?: readonly string[]
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

export function createUpstreamPool(options: UpstreamPoolOptions = {}): UpstreamPool {
  let agent: Promise<Agent> | undefined
  const theAgent = () => {
    agent ??= createAgent(options)
    return agent
  }
  return {
    send: async (request) => {
      const refusal = literalAddressRefusal(request.url)
      if (refusal) {
        throw refusal
      }
      const dispatcher = await theAgent()
      for (let attempts = 1; ; attempts++) {
        request.signal.throwIfAborted()
        request.onAttempt(attempts)
        const attempt = new UpstreamAttempt(dispatcher, request)
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
      await (await agent)?.destroy()
    },
  }
}

/** A name that does not exist, a certificate that does not fit or a spent time limit is the same a moment later. */
function isConnectFailure(error: unknown): boolean {
  const { code, status } = upstreamFailure(error, '')
  return (
    status === 502 && code !== 'ERR_UPSTREAM_TLS' && code !== 'ERR_UPSTREAM_DNS' && code !== 'ERR_UPSTREAM_CLEARTEXT'
  )
}

/** Undici takes 0.1 s to import: not before there is a request to send. */
async function createAgent({ extraRoots = [] }: UpstreamPoolOptions): Promise<Agent> {
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
    secure(connectOptions, callback)
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
