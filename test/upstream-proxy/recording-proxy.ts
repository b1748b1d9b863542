import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A CONNECT proxy of a few lines that keeps what it was asked. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The head of each CONNECT, oldest first. */
  readonly heads: readonly string[]
  /** What came behind the head, before and through the tunnel, as latin1, all connections together. */
  readonly tunnelled: string
  /** Connections open now. */
  readonly open: number
}

/** Does with a connection what it likes, once its CONNECT is whole. */
export type ProxyBehaviour = (socket: Socket, head: string) => void

export interface RecordingProxyOptions {
  readonly tls?: TlsOptions
  /** `user:password`; others get 407. */
  readonly credential?: string
}

/** Opens each tunnel to the port that was asked for, on this machine, whatever the name. */
export async function startRecordingProxy(
  behaviour?: ProxyBehaviour,
  { tls, credential }: RecordingProxyOptions = {},
): Promise<RecordingProxy> {
  const heads: string[] = []
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const answer =
    behaviour ??
    ((socket: Socket, head: string) => {
      const port = Number(/^CONNECT \S+:(\d+) HTTP/.exec(head)?.[1])
      const onward = connect({ port, host: '127.0.0.1' }, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      sockets.add(onward)
      onward.on('error', () => socket.destroy())
      onward.on('close', () => socket.destroy())
      socket.on('close', () => onward.destroy())
    })

  const serve = (socket: Socket) => {
    socket.on('error', () => {})
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', onData)
      const head = received.toString('latin1', 0, end + 4)
      heads.push(head)
      chunks.push(received.subarray(end + 4))
      socket.on('data', (more: Buffer) => chunks.push(more))
      if (credential !== undefined && !head.includes(basic(credential))) {
        socket.end('HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n')
      } else {
        answer(socket, head)
      }
    }
    socket.on('data', onData)
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://localhost:${port}`,
    port,
    heads,
    get tunnelled() {
      return Buffer.concat(chunks).toString('latin1')
    },
    get open() {
      return [...sockets].filter(({ destroyed }) => !destroyed).length
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The field that carries a credential. */
export function basic(credential: string): string {
  return `Proxy-Authorization: Basic ${Buffer.from(credential).toString('base64')}\r\n`
}
