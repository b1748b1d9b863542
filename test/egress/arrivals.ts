import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** A connection that came out of the proxy: to whichever address, it ends here. */
export interface Arrival {
  /** The address that was dialled. */
  readonly address: string
  readonly port: number
  readonly socket: Socket
  /** All that came over it until now, one character for each byte. */
  readonly bytes: string
  /** Whether the proxy has closed its side. */
  readonly hasEnded: boolean
}

/** What the world outside does with a connection. */
export type Greeting = (arrival: Arrival) => void

/** Where the connections to every address there is come in. */
export class Arrivals implements AsyncDisposable {
  readonly #all: Arrival[] = []
  readonly #server: Server
  /** What is done with each connection, from now on. Nothing is said by default. */
  greet: Greeting = () => {}

  /** @param path - Socket in the file system. */
  constructor(path: string) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket)).listen(path)
  }

  get all(): readonly Arrival[] {
    return this.#all
  }

  /** `address:port` of each, in order. */
  get dialled(): readonly string[] {
    return this.#all.map(({ address, port }) => `${address}:${port}`)
  }

  /** Ends and forgets them. */
  clear(): void {
    for (const { socket } of this.#all.splice(0)) socket.destroy()
    this.greet = () => {}
  }

  /** Takes a connection off the list again. */
  remove(arrival: Arrival): void {
    this.#all.splice(this.#all.indexOf(arrival), 1)
    arrival.socket.destroy()
  }

  /** The first connection that is so, and waits for it. */
  async find(is: (arrival: Arrival) => boolean, waitMs = 5_000): Promise<Arrival> {
    const limit = AbortSignal.timeout(waitMs)
    for (;;) {
      const found = this.#all.find(is)
      if (found) return found
      await once(this.#server, 'news', { signal: limit }).catch(() => {
        throw new Error(`nothing of the kind arrived; dialled were: ${this.dialled.join(', ') || 'nobody'}`)
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clear()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #take(socket: Socket): void {
    let received = ''
    let arrival: { bytes: string; hasEnded: boolean } & Arrival
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (!arrival) {
        const lineEnd = received.indexOf('\n')
        if (lineEnd < 0) return
        const { address, port } = JSON.parse(received.slice(0, lineEnd)) as { address: string; port: number }
        received = received.slice(lineEnd + 1)
        arrival = { address, port, socket, bytes: received, hasEnded: false }
        this.#all.push(arrival)
        this.greet(arrival)
      }
      arrival.bytes = received
      this.#server.emit('news')
    })
    const hasEnded = () => {
      if (arrival) arrival.hasEnded = true
      this.#server.emit('news')
    }
    socket.on('end', hasEnded)
    socket.on('close', hasEnded)
  }
}

/** Says `text` to whoever comes, and leaves the connection open. */
export const says =
  (text: string): Greeting =>
  ({ socket }) =>
    void socket.write(text, 'latin1')

/** Answers the first request with `response`, once its head has come, and closes. */
export const answers =
  (response: string): Greeting =>
  (arrival) => {
    const answer = () => {
      if (!arrival.bytes.includes('\r\n\r\n') || arrival.socket.writableEnded) return
      arrival.socket.end(response, 'latin1')
    }
    // Behind the listener that collects the bytes.
    arrival.socket.on('data', answer)
    setImmediate(answer)
  }

/** Gives back what comes. */
export const echoes: Greeting = (arrival) => {
  if (arrival.bytes) arrival.socket.write(arrival.bytes, 'latin1')
  arrival.socket.on('data', (chunk: Buffer) => arrival.socket.write(chunk))
  arrival.socket.once('end', () => arrival.socket.end())
}
