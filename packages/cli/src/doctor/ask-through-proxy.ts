import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface AskThroughProxyOptions {
  readonly proxyUrl: string
  readonly token: string
  /** PEM of the root that must be trusted, and no other. */
  readonly root: string
}

const LIMIT_MS = 10_000

/**
 * Asks `inference.local` for its models as an agent would: CONNECT with the token, TLS verified against our root.
 *
 * @returns Status and content of the answer.
 */
export async function askThroughProxy({
  proxyUrl,
  token,
  root,
}: AskThroughProxyOptions): Promise<{ status: number; content: string }> {
  const proxy = new URL(proxyUrl)
  const connecting = httpRequest({
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port,
    method: 'CONNECT',
    path: 'inference.local:443',
    headers: { 'proxy-authorization': `Bearer ${token}` },
    timeout: LIMIT_MS,
  }).end()
  const [answer, socket] = (await once(connecting, 'connect')) as [IncomingMessage, Socket]
  if (answer.statusCode !== 200) {
    socket.destroy()
    throw new Error(`the proxy answered CONNECT with ${answer.statusCode}`)
  }
  const tls = connectTls({ socket, servername: 'inference.local', ca: root })
  await once(tls, 'secureConnect')
  try {
    const asking = httpsRequest({
      host: 'inference.local',
      path: '/v1/models',
      createConnection: () => tls,
      timeout: LIMIT_MS,
    }).end()
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    const chunks = await response.toArray()
    return { status: response.statusCode ?? 0, content: Buffer.concat(chunks as Buffer[]).toString() }
  } finally {
    tls.destroy()
  }
}
