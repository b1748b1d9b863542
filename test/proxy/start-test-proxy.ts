import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import {
  Credential,
  DEFAULT_ROUTE_TIMEOUTS,
  fixedRoute,
  type ProxyEvent,
  type ProxyOptions,
  type ResolvedRoute,
  type RunningProxy,
  startProxy,
} from '@nemoclaw/proxy-core'
import { INFERENCE_PROTOCOLS } from '@nemoclaw/proxy-core/provider'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'

/** A proxy of this process with a CA of its own, and what it told. */
export interface TestProxy extends AsyncDisposable {
  readonly proxy: RunningProxy
  readonly url: string
  readonly port: number
  /** PEM of the root that clients must trust. */
  readonly rootCertificate: string
  readonly events: readonly ProxyEvent[]
  /** A TCP connection to it, established. */
  connectRaw(): Promise<Socket>
  /** A connection to `inference.local` through it, TLS verified. */
  openInference(): Promise<TLSSocket>
}

/** What the routes of these tests inject. */
export const TEST_SECRET = 'sk-real-credential-0123456789'

const authority = issueAuthority({ now: new Date() })
// RSA keys take 0.2 s each; one serves all proxies of a test file.
const certificates = authority.then((material) => ServerCertificates.issuedBy(material))

export function testRoute(route: Partial<ResolvedRoute> & { readonly baseUrl: string }): ResolvedRoute {
  return {
    source: 'configured',
    providerName: 'test-provider',
    providerType: 'mock',
    protocols: INFERENCE_PROTOCOLS,
    model: 'mock/echo',
    auth: { kind: 'bearer' },
    credential: new Credential(TEST_SECRET),
    defaultHeaders: [],
    passthroughHeaders: [],
    extraHeaders: [],
    timeouts: DEFAULT_ROUTE_TIMEOUTS,
    serverTools: 'allow',
    ...route,
  }
}

export async function startTestProxy(
  route: Partial<ResolvedRoute> & { readonly baseUrl: string },
  options: Partial<ProxyOptions> = {},
): Promise<TestProxy> {
  const events: ProxyEvent[] = []
  const material = await authority
  const proxy = await startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    certificates: await certificates,
    routes: fixedRoute(testRoute(route)),
    access: { tokens: [], trustOwnUser: true },
    onEvent: (event) => events.push(event),
    ...options,
  })
  const port = Number(new URL(proxy.url).port)
  const connectRaw = async () => {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return socket
  }
  return {
    proxy,
    url: proxy.url,
    port,
    rootCertificate: material.rootCertificatePem,
    events,
    connectRaw,
    openInference: () => openInferenceConnection({ port, rootCertificate: material.rootCertificatePem }),
    [Symbol.asyncDispose]: () => proxy.close(0),
  }
}

/** Sends bytes to the proxy's own port and collects the answer until the connection ends. */
export async function exchangeBytes(port: number, request: string | Buffer, waitMs = 5_000): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request)
  return collect(socket, waitMs)
}

/** A connection to `inference.local` through the proxy, TLS verified. */
export async function openInferenceConnection({
  port,
  rootCertificate,
}: Pick<TestProxy, 'port' | 'rootCertificate'>): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (!answer.toString().startsWith('HTTP/1.1 200')) {
    throw new Error(`CONNECT failed: ${answer}`)
  }
  const tls = connectTls({ socket, servername: 'inference.local', ca: rootCertificate })
  await once(tls, 'secureConnect')
  return tls
}

/** Sends bytes inside the tunnel and collects the answer until the connection ends or `waitMs` have passed. */
export async function exchangeInside(proxy: TestProxy, request: string | Buffer, waitMs = 5_000): Promise<string> {
  const socket = await openInferenceConnection(proxy)
  socket.write(request)
  return collect(socket, waitMs)
}

/** @returns Everything received; what an aborted connection had sent before, too. */
export async function collect(socket: Socket, waitMs: number): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  const timer = setTimeout(() => socket.destroy(), waitMs)
  if (!socket.closed) {
    await once(socket, 'close')
  }
  clearTimeout(timer)
  return Buffer.concat(chunks).toString('latin1')
}

/** A POST with JSON content as bytes, connection closed afterwards. */
export function jsonRequest(path: string, content: unknown, fields: readonly string[] = []): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return [
    `POST ${path} HTTP/1.1`,
    'Host: inference.local',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    ...fields,
    '',
    text,
  ].join('\r\n')
}
