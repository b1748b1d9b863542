import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A provider made of nothing but a socket: it keeps every byte it was sent and answers what it was told to. */
export interface RecordingUpstream extends AsyncDisposable {
  /** Base URL with `/v1`. */
  readonly url: string
  readonly port: number
  /** What came over each connection, decrypted, as latin1; the oldest first. */
  readonly connections: readonly string[]
  /** All of it. */
  readonly bytes: string
  /** Connections open now. */
  readonly open: number
}

export interface RecordingUpstreamOptions {
  /** Served over TLS with this; `url` then names `host`. */
  readonly tls?: TlsOptions
  /** Host in `url`; it must resolve to 127.0.0.1. */
  readonly host?: string
}

/** Answers one request. `received` is all that the connection has brought so far. */
export type Answering = (socket: Socket, received: string) => void

export const GOOD_CONTENT = '{"id":"x","object":"chat.completion","choices":[]}'
export const GOOD_ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${GOOD_CONTENT.length}\r\n\r\n${GOOD_CONTENT}`

/** @param answer - Bytes for every whole request, or what to do with the socket then. */
export async function startRecordingUpstream(
  answer: string | Buffer | Answering = GOOD_ANSWER,
  { tls, host = '127.0.0.1' }: RecordingUpstreamOptions = {},
): Promise<RecordingUpstream> {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const answering: Answering = typeof answer === 'function' ? answer : (socket) => void socket.write(answer)

  const serve = (socket: Socket) => {
    const index = received.push('') - 1
    let answered = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      received[index] += chunk.toString('latin1')
      const requests = countRequests(received[index]!)
      for (; answered < requests; answered++) {
        answering(socket, received[index]!)
      }
    })
  }
  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `${tls ? 'https' : 'http'}://${host}:${port}/v1`,
    port,
    connections: received,
    get bytes() {
      return received.join('')
    },
    get open() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy()
      }
      server.close()
      await once(server, 'close')
    },
  }
}

/** Requests that are whole: our own proxy sends Content-Length with every POST, and a GET has no content. */
function countRequests(received: string): number {
  let count = 0
  let at = 0
  for (;;) {
    const headEnd = received.indexOf('\r\n\r\n', at)
    if (headEnd < 0) {
      return count
    }
    const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(at, headEnd))?.[1] ?? '0'
    at = headEnd + 4 + Number(length)
    if (received.length < at) {
      return count
    }
    count++
  }
}
