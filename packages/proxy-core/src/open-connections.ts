import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { ClientExchange } from './http/client-exchange.js'
import { ProxyError } from './proxy-error.js'

const FLUSH_MS = 1_000
/** A tunnel through which nothing has passed for so long is not waited for: nobody can tell whether it ever ends. */
const TUNNEL_QUIET_MS = 2_000
const TUNNEL_CHECK_MS = 250

/** As much of a tunnel as it takes to end it. */
export interface OpenTunnel {
  readonly idleMs: number
  end(outcome: 'cut'): void
}

/** Which connections and tunnels are open and which exchanges are under way, so that a proxy can end without cutting them. */
export class OpenConnections {
  readonly #sockets = new Set<Socket>()
  readonly #exchanges = new Set<ClientExchange>()
  readonly #tunnels = new Set<OpenTunnel>()
  readonly #whenIdle: (() => void)[] = []
  #isDraining = false

  get isDraining(): boolean {
    return this.#isDraining
  }

  get exchangeCount(): number {
    return this.#exchanges.size
  }

  get tunnelCount(): number {
    return this.#tunnels.size
  }

  addTunnel(tunnel: OpenTunnel, ended: Promise<unknown>): void {
    this.#tunnels.add(tunnel)
    void ended.finally(() => this.#tunnels.delete(tunnel))
  }

  addSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** From now on `inner` stands for the connection that carries it: what ends it ends both, in the right order. */
  replaceSocket(outer: Socket, inner: Socket): void {
    this.addSocket(inner)
    this.#sockets.delete(outer)
  }

  /** Counts an exchange until its response has left whole, or its connection is gone. */
  addExchange(exchange: ClientExchange, served: Promise<void>): void {
    const { response } = exchange
    this.#exchanges.add(exchange)
    void served.then(async () => {
      // A response that never got its turn on a connection that broke has no socket, and never closes.
      if (response.socket && !response.writableFinished && !response.destroyed) {
        await once(response, 'close')
      }
      this.#exchanges.delete(exchange)
      if (this.#exchanges.size === 0) {
        for (const resolve of this.#whenIdle.splice(0)) {
          resolve()
        }
      }
    })
  }

  /**
   * Waits for the exchanges under way, then closes everything. What the limit cuts off hears why.
   *
   * @param limitMs - Milliseconds; 0 cuts everything at once, also what an earlier call waits for.
   */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true
    if (limitMs > 0) {
      await within(limitMs, Promise.all([this.#idle(), this.#tunnelsQuiet(limitMs)]))
      for (const { cut } of this.#exchanges) {
        cut.abort(new ProxyError('ERR_SHUTTING_DOWN', 'The proxy is shutting down and could not wait any longer.'))
      }
      await within(FLUSH_MS, this.#idle())
      for (const socket of this.#sockets) {
        socket.destroySoon()
      }
      await within(FLUSH_MS, Promise.all([...this.#sockets].map((socket) => socket.closed || once(socket, 'close'))))
    }
    for (const tunnel of this.#tunnels) {
      tunnel.end('cut')
    }
    for (const socket of this.#sockets) {
      socket.destroy()
    }
  }

  /** Ends tunnels as they fall quiet. */
  async #tunnelsQuiet(limitMs: number): Promise<void> {
    for (const endsAt = Date.now() + limitMs; this.#tunnels.size > 0 && Date.now() < endsAt; ) {
      for (const tunnel of this.#tunnels) {
        if (tunnel.idleMs >= TUNNEL_QUIET_MS) tunnel.end('cut')
      }
      await setTimeout(TUNNEL_CHECK_MS, undefined, { ref: false })
    }
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#exchanges.size === 0) {
        resolve()
      } else {
        this.#whenIdle.push(resolve)
      }
    })
  }
}

async function within(limitMs: number, event: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  await Promise.race([event, setTimeout(limitMs, undefined, { ref: false, signal: enough.signal }).catch(() => {})])
  enough.abort()
}
