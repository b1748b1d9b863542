import { createServer, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type HandshakeOutcome,
  type ServerCertificates,
  type TerminateTlsOptions,
  terminateTls,
} from '@nemoclaw/proxy-core/tls'

export interface ConnectServer extends AsyncDisposable {
  readonly port: number
  /** Of every handshake so far, in the order they ended. */
  readonly outcomes: readonly HandshakeOutcome[]
  /** What `terminateTls` returned, oldest first. */
  readonly sockets: readonly TLSSocket[]
  /** Resolves when the number of ended handshakes reaches `count`. */
  ended(count: number): Promise<void>
}

export interface ConnectServerOptions extends TerminateTlsOptions {
  /** `nothing` leaves the socket alone, so that only what `terminateTls` does itself can end it. */
  readonly behindTls?: 'http' | 'nothing'
  /** What a slower proxy does between its answer to CONNECT and the handshake. */
  readonly beforeTls?: (client: Socket) => Promise<void>
}

/** The smallest proxy that can be made of `terminateTls`: answers CONNECT and serves HTTP behind it. */
export async function startConnectServer(
  certificates: ServerCertificates,
  { behindTls = 'http', beforeTls, ...options }: ConnectServerOptions = {},
): Promise<ConnectServer> {
  const outcomes: HandshakeOutcome[] = []
  const sockets: TLSSocket[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => response.end(`served ${request.headers.host}`))
  const proxy = new Server()
  proxy.on('connect', async (_request, client: Socket, head: Buffer) => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (beforeTls !== undefined) {
      client.on('error', () => {})
      await beforeTls(client)
    }
    const onHandshake = (outcome: HandshakeOutcome) => {
      outcomes.push(outcome)
      for (const check of waiting) check()
    }
    const socket = terminateTls(client, head, certificates, { ...options, onHandshake })
    sockets.push(socket)
    if (behindTls === 'http') server.emit('connection', socket)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))

  return {
    port: (proxy.address() as AddressInfo).port,
    outcomes,
    sockets,
    ended: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (outcomes.length < count) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
