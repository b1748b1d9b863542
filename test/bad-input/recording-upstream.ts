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
  /** Resets connections, counted from 1, as they come. */
  readonly resets?: (connection: number) => boolean
}

/** Answers one request. `received` is all that the connection has brought so far. */
export type Answering = (socket: Socket, received: string) => void

export const GOOD_CONTENT = '{"id":"x","object":"chat.completion","choices":[]}'
export const GOOD_ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${GOOD_CONTENT.length}\r\n\r\n${GOOD_CONTENT}`

/** @param answer - Bytes for every whole request, or what to do with the socket then. */
export async function startRecordingUpstream(
  answer: string | Buffer | Answering = GOOD_ANSWER,
  { tls, host = '127.0.0.1', resets = () => false }: RecordingUpstreamOptions = {},
): Promise<RecordingUpstream> {
  const received: ReceivedBytes[] = []
  const sockets = new Set<Socket>()
  const answering: Answering = typeof answer === 'function' ? answer : (socket) => void socket.write(answer)

  const serve = (socket: Socket) => {
    const bytes = new ReceivedBytes()
    received.push(bytes)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (let whole = bytes.push(chunk); whole > 0; whole--) {
        answering(socket, bytes.toString())
      }
    })
  }
  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  let connections = 0
  server.on('connection', (socket: Socket) => {
    if (resets(++connections)) {
      socket.resetAndDestroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `${tls ? 'https' : 'http'}://${host}:${port}/v1`,
    port,
    get connections() {
      return received.map(String)
    },
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

/** What one connection brought, and how many whole requests that is. */
class ReceivedBytes {
  readonly #chunks: Buffer[] = []
  /** Of the request being received: what there is of its head, or how much of its content is missing. */
  #head = ''
  #missing = 0

  /** @returns How many requests became whole. */
  push(chunk: Buffer): number {
    this.#chunks.push(chunk)
    let whole = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#missing === 0) {
        const before = this.#head.length
        this.#head += chunk.toString('latin1', at, at + 65_536)
        const end = this.#head.indexOf('\r\n\r\n')
        if (end < 0) {
          at += 65_536
          continue
        }
        at += end + 4 - before
        // Our own proxy sends Content-Length with every POST, and a GET has no content.
        this.#missing = Number(/\r\ncontent-length: (\d+)/i.exec(this.#head.slice(0, end))?.[1] ?? '0')
        this.#head = ''
      } else {
        const taken = Math.min(this.#missing, chunk.length - at)
        this.#missing -= taken
        at += taken
      }
      whole += this.#missing === 0 && this.#head === '' ? 1 : 0
    }
    return whole
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }
}
