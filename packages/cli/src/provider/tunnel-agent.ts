import { Agent, type AgentOptions } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'
import { connectThroughProxy, type UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'

export interface TunnelAgentOptions extends AgentOptions {
  readonly proxy: UpstreamProxy
  /** What the provider's certificate is held to. */
  readonly tls: ConnectionOptions
  /** Milliseconds until the proxy has opened the tunnel. */
  readonly connectTimeoutMs: number
  /** Aborting it ends a connection that is being made. */
  readonly signal: AbortSignal
}

/** Connects to https servers through an upstream proxy: CONNECT to it, then TLS with the server itself, verified. */
export class TunnelAgent extends Agent {
  readonly #options: TunnelAgentOptions

  constructor(options: TunnelAgentOptions) {
    super()
    this.#options = options
  }

  /** @returns Nothing: the connection is handed to `callback`, with the handshake done. */
  override createConnection(
    options: { readonly host?: string | null | undefined; readonly port?: string | number | null | undefined },
    callback: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const host = (options.host ?? '').replace(/^\[(.*)\]$/, '$1')
    this.#connect(host, Number(options.port) || 443).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, undefined as unknown as Duplex),
    )
    return undefined
  }

  async #connect(host: string, port: number): Promise<Duplex> {
    const { proxy, tls, connectTimeoutMs, signal } = this.#options
    const { socket, head } = await connectThroughProxy(proxy, { host, port }, { timeoutMs: connectTimeoutMs, signal })
    socket.unshift(head)
    const secure = connect({
      ...tls,
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
    })
    return new Promise((resolve, reject) => {
      const settle = () => {
        signal.removeEventListener('abort', onAbort)
        secure.off('error', onError)
      }
      const onAbort = () => secure.destroy(signal.reason as Error)
      const onError = (error: Error) => {
        settle()
        reject(error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      secure.on('error', onError)
      secure.once('secureConnect', () => {
        settle()
        resolve(secure)
      })
    })
  }
}
