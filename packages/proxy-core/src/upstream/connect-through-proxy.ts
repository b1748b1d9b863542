import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Authority } from '../http/authority.js'
import { ProxyError } from '../proxy-error.js'
import { checkServerIdentity } from './check-server-identity.js'
import { readConnectAnswer } from './read-connect-answer.js'
import type { UpstreamProxy } from './upstream-proxy.js'
import { type ProxyStep, proxyConnectFailure, proxyRefusal } from './upstream-proxy-failure.js'

export interface ConnectThroughProxyOptions {
  /** Milliseconds for everything: name of the proxy, TCP, TLS, and its answer. */
  readonly timeoutMs: number
  /** Aborting it ends the attempt at once; without effect once the tunnel is there. */
  readonly signal?: AbortSignal | undefined
  /** Whether the socket stays writable when the other side has ended, as a relay with half-close needs it. */
  readonly allowHalfOpen?: boolean
}

export interface ProxyTunnel {
  /**
   * As good as new: it flows when it is listened to, and no error of it ends the process. The caller owns it. A
   * `TLSSocket` where the proxy's URL is https.
   */
  readonly socket: Socket
  /** What came behind the proxy's answer: it belongs in front of all that the socket still brings. */
  readonly head: Buffer
}

/**
 * Has a proxy open a tunnel to a host by CONNECT (RFC 9110 §9.3.6). The proxy resolves the name.
 *
 * @throws {ProxyError} `ERR_UPSTREAM_PROXY_*` (502, 504); `ERR_AUTHORITY_MALFORMED` for a host that no request could
 *   name. No message holds the proxy's credential.
 * @throws the signal's reason where it was aborted.
 */
export async function connectThroughProxy(
  proxy: UpstreamProxy,
  destination: Authority,
  { timeoutMs, signal, allowHalfOpen = false }: ConnectThroughProxyOptions,
): Promise<ProxyTunnel> {
  const authority = authorityForm(destination)
  const endsAt = performance.now() + timeoutMs
  const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${await authorizationField(proxy)}\r\n`
  signal?.throwIfAborted()

  return new Promise((resolve, reject) => {
    const socket = dial(proxy, allowHalfOpen)
    const received: Buffer[] = []
    let step: ProxyStep = 'connect'

    const settle = () => {
      clearTimeout(timer)
      socket.on('error', () => {}) // Until its owner listens, or for good where it has none.
      signal?.removeEventListener('abort', onAbort)
      socket.off('readable', onReadable).off('error', onError).off('end', onEnd).off('close', onEnd)
    }
    const fail = (reason: unknown) => {
      settle()
      socket.destroy()
      reject(reason)
    }
    const onAbort = () => fail(signal?.reason)
    const onError = (error: Error) => fail(proxyConnectFailure(proxy, error, step))
    const onEnd = () => fail(proxyConnectFailure(proxy, undefined, step))
    const onConnected = () => {
      step = 'answer'
      socket.setNoDelay(true)
      socket.write(request, 'latin1')
    }
    // Not by 'data': a socket that was made to flow loses what comes before its next owner listens, or has to be paused,
    // and then does not flow when that one does.
    const onReadable = () => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) {
        return
      }
      received.push(chunk)
      const answer = readConnectAnswer(Buffer.concat(received))
      if (answer.kind === 'malformed') {
        fail(new ProxyError('ERR_UPSTREAM_PROXY_PROTOCOL', `The upstream proxy ${proxy.origin}: ${answer.reason}.`))
      } else if (answer.kind === 'answered' && (answer.status < 200 || answer.status > 299)) {
        fail(proxyRefusal(proxy, authority, answer))
      } else if (answer.kind === 'answered') {
        settle()
        resolve({ socket, head: answer.rest })
      }
    }
    const timer = setTimeout(
      () =>
        fail(
          new ProxyError(
            'ERR_UPSTREAM_PROXY_TIMEOUT',
            `The upstream proxy ${proxy.origin} opened no tunnel to ${authority} within ${timeoutMs} ms.`,
          ),
        ),
      Math.max(endsAt - performance.now(), 1),
    )
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once(proxy.url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected)
    socket.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onEnd)
  })
}

/** Never through a proxy that the environment names: this is the only one. */
function dial(proxy: UpstreamProxy, allowHalfOpen: boolean): Socket {
  const { host, port } = proxy
  const address = { host, port, allowHalfOpen, autoSelectFamilyAttemptTimeout: 1_000 }
  if (proxy.url.protocol === 'http:') {
    return connect(address)
  }
  return connectTls({
    ...address,
    ...(isIP(host) === 0 ? { servername: host } : {}), // RFC 6066 §3: no address is sent as a server's name.
    secureContext: proxy.secureContext,
    rejectUnauthorized: true, // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    checkServerIdentity,
    ALPNProtocols: ['http/1.1'],
  })
}

async function authorizationField(proxy: UpstreamProxy): Promise<string> {
  if (proxy.credential === undefined) {
    return ''
  }
  try {
    const credential = await proxy.credential()
    return `Proxy-Authorization: Basic ${Buffer.from(credential, 'utf8').toString('base64')}\r\n`
  } catch (error) {
    throw new ProxyError(
      'ERR_UPSTREAM_PROXY_CREDENTIAL',
      `The credential for the upstream proxy ${proxy.origin} cannot be read.`,
      { cause: error },
    )
  }
}

/** Whatever is written here becomes part of a request's head: nothing but a name or an address may. */
function authorityForm({ host, port }: Authority): string {
  const isIpv6 = isIP(host) === 6 && !host.includes('%')
  if ((!isIpv6 && !/^[A-Za-z0-9._-]{1,255}$/.test(host)) || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ProxyError('ERR_AUTHORITY_MALFORMED', 'The host is no name or address that a proxy could be asked for.')
  }
  return `${isIpv6 ? `[${host}]` : host}:${port}`
}
