import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const FLUSH_MS = 1_000

/** Which connections are open and which exchanges are under way, so that a proxy can end without cutting them. */
export class OpenConnections {
  readonly #sockets = new Set<Socket>()
  readonly #exchanges = new Set<ServerResponse>()
  #isDraining = false
  #onIdle: (() => void) | undefined

  get isDraining(): boolean {
    return this.#isDraining
  }

  get exchangeCount(): number {
    return this.#exchanges.size
  }

  addSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Counts an exchange until its response has left whole, or its connection is gone. */
  addExchange(response: ServerResponse, served: Promise<void>): void {
    this.#exchanges.add(response)
    void served.then(async () => {
      // A response that never got its turn on a connection that broke has no socket, and never closes.
      if (response.socket && !response.writableFinished && !response.destroyed) {
        await once(response, 'close')
      }
      this.#exchanges.delete(response)
      if (this.#exchanges.size === 0) {
        this.#onIdle?.()
      }
    })
  }

  /**
   * Waits for the exchanges under way, then closes everything.
   *
   * @param limitMs - Milliseconds after which the rest is cut off; 0 cuts at once.
   */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true
    if (this.#exchanges.size > 0 && limitMs > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
      await Promise.race([idle, setTimeout(limitMs, undefined, { ref: false })])
    }
    const open = [...this.#sockets]
    if (limitMs > 0) {
      for (const socket of open) {
        socket.end()
      }
      const closed = Promise.all(open.map((socket) => socket.closed || once(socket, 'close')))
      await Promise.race([closed, setTimeout(FLUSH_MS, undefined, { ref: false })])
    }
    for (const socket of open) {
      socket.destroy()
    }
  }
}
