import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export interface AskThroughProxyOptions {
  readonly proxy: URL
  readonly token: string
  /** PEM of the root that must be trusted, and no other. */
  readonly root: string
}

const LIMIT_MS = 10_000

/**
 * Asks `inference.local` for its models as an agent would: CONNECT with the token, TLS verified against our root.
 *
 * @returns Status and content of the answer.
 * @throws What the network or TLS says, within 10 s.
 */
export async function askThroughProxy(options: AskThroughProxyOptions): Promise<{ status: number; content: string }> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const socket = await openTunnel(options, signal)
  const tls = connectTls({ socket, servername: 'inference.local', ca: options.root })
  try {
    await once(tls, 'secureConnect', { signal })
    return await askForModels(tls, signal)
  } finally {
    tls.destroy()
    socket.destroy()
  }
}

async function openTunnel({ proxy, token }: AskThroughProxyOptions, signal: AbortSignal): Promise<Socket> {
  const host = proxy.hostname.replace(/^\[(.*)\]$/, '$1')
  // No agent, here and below: Node's own would go through HTTPS_PROXY where NODE_USE_ENV_PROXY is set.
  const connecting = request({
    createConnection: () => connect({ host, port: Number(proxy.port) }),
    method: 'CONNECT',
    path: 'inference.local:443',
    headers: { host: 'inference.local:443', 'proxy-authorization': `Bearer ${token}` },
    signal,
  }).end()
  const [answer, socket] = (await once(connecting, 'connect')) as [IncomingMessage, Socket]
  if (answer.statusCode === 200) return socket
  socket.destroy()
  throw new Error(`the proxy answered CONNECT with ${answer.statusCode}`)
}

async function askForModels(tls: TLSSocket, signal: AbortSignal): Promise<{ status: number; content: string }> {
  const asking = request({
    createConnection: () => tls,
    path: '/v1/models',
    headers: { host: 'inference.local', connection: 'close' },
    signal,
  }).end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const chunks = (await response.toArray()) as Buffer[]
  return { status: response.statusCode ?? 0, content: Buffer.concat(chunks).toString() }
}
