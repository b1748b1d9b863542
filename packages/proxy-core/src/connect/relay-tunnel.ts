import type { OnReadOpts, Socket } from 'node:net'
import { canTellPresence, watchPresence } from '../access/client-presence.js'
import type { LoopbackClients } from '../access/loopback-clients.js'
import type { TunnelOutcome } from '../egress-facts.js'
import { adoptSocket } from './adopt-socket.js'
import { OneWay } from './one-way.js'
import { passEnd } from './pass-end.js'
import { resetSocket } from './reset-socket.js'
import type { TunnelBuffers } from './tunnel-buffers.js'

export interface RelayOptions {
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number
  /** The same behind the end of a client of which nobody can tell whether it is still there. */
  readonly halfClosedTimeoutMs: number
  readonly clients: LoopbackClients
  /** Whether the destination was given `onread`. */
  readonly readsByItself: boolean
}

/** Relays bytes blindly between a client and its destination. */
export class TunnelRelay {
  #client: Socket
  #destination: Socket | undefined
  readonly #upward: OneWay
  readonly #downward: OneWay
  #lastMs = Date.now()
  #outcome: TunnelOutcome | undefined

  constructor(client: Socket, buffers: TunnelBuffers) {
    this.#client = client
    const onBytes = () => {
      this.#lastMs = Date.now()
    }
    this.#upward = new OneWay(buffers, onBytes)
    this.#downward = new OneWay(buffers, onBytes)
  }

  /** To be given to the connection to the destination, which has to be paused until `run`. */
  get onread(): OnReadOpts {
    return this.#downward.onread
  }

  /** Milliseconds since bytes last passed, either way. */
  get idleMs(): number {
    return Date.now() - this.#lastMs
  }

  /**
   * Relays until both sides have ended, each by its own (RFC 9110 §9.3.6), or one fails: the other hears of it as a
   * reset, never as an end.
   *
   * @param head - What the client sent behind its request; goes first.
   */
  run(destination: Socket, head: Buffer, options: RelayOptions): Promise<TunnelOutcome> {
    const { idleTimeoutMs, readsByItself } = options
    const adopted = adoptSocket(this.#client, this.#upward.onread)
    const client = adopted?.socket ?? this.#client
    this.#client = client
    this.#destination = destination
    return new Promise((resolve) => {
      let isOver = false
      if (client.destroyed || destination.destroyed) {
        this.end(client.destroyed ? 'client_aborted' : 'destination_failed')
      }
      const onClosed = () => {
        // Both may be so when the first says it.
        if (client.closed && destination.closed && !isOver) {
          isOver = true
          this.#upward.release()
          this.#downward.release()
          resolve(this.#outcome ?? 'complete')
        }
      }
      client.on('close', () => this.#close('client_aborted', client, destination)).once('close', onClosed)
      destination.on('close', () => this.#close('destination_failed', destination, client)).once('close', onClosed)
      destination.on('error', () => this.end('destination_failed'))
      client.on('error', () => this.end('client_aborted'))
      for (const early of [head, adopted?.early]) {
        if (early && early.length > 0) destination.write(early)
      }
      destination.setTimeout(idleTimeoutMs, () => this.end('idle'))
      if (client.readableEnded) {
        destination.end() // It was, while the destination was dialled.
        this.#watchEnded(client, destination, options)
      } else {
        client.once('end', () => {
          passEnd(client, destination)
          this.#watchEnded(client, destination, options)
        })
      }
      destination.once('end', () => passEnd(destination, client))

      if (adopted) {
        this.#upward.join(client, destination)
      } else {
        this.#relayEvents(client, destination)
      }
      if (readsByItself) {
        this.#downward.join(destination, client)
      } else {
        this.#relayEvents(destination, client)
      }
    })
  }

  /** Cuts it off, both ways. */
  end(outcome: TunnelOutcome): void {
    this.#outcome ??= outcome
    for (const socket of [this.#client, this.#destination]) {
      if (socket && !socket.destroyed) {
        resetSocket(socket)
      }
    }
  }

  /** A client that has ended may read on, or have left: its destination may never end, and holds a place meanwhile. */
  #watchEnded(client: Socket, destination: Socket, options: RelayOptions): void {
    const { clients, idleTimeoutMs, halfClosedTimeoutMs } = options
    const limitIdle = () => destination.setTimeout(Math.min(idleTimeoutMs, halfClosedTimeoutMs))
    if (canTellPresence(client)) {
      watchPresence(clients, client, { isNeeded: () => !client.closed, unknownIs: 'present' })
      client.once('close', limitIdle)
    } else {
      limitIdle()
    }
  }

  /** A side that has closed without having ended first was cut off. */
  #close(outcome: TunnelOutcome, closed: Socket, other: Socket): void {
    if (other.closed || (closed.readableEnded && closed.writableFinished)) {
      return
    }
    if (closed === this.#client && closed.readableEnded && !closed.errored) {
      // It sent all it had to send and left: that still arrives.
      this.#outcome ??= outcome
      if (other.writableFinished) {
        other.destroy()
      } else {
        other.once('finish', () => other.destroy())
      }
      return
    }
    this.end(outcome)
  }

  /** For a socket that reads into memory of its own. */
  #relayEvents(source: Socket, sink: Socket): void {
    source.on('data', (bytes: Buffer) => {
      this.#lastMs = Date.now()
      if (!sink.write(bytes)) {
        source.pause()
      }
    })
    sink.on('drain', () => source.resume())
    source.resume()
  }
}
