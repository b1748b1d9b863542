import type { OnReadOpts, Socket } from 'node:net'
import type { TunnelOutcome } from '../egress-facts.js'
import { AdaptiveBuffer, type TunnelBuffers } from './tunnel-buffers.js'

export interface RelayOptions {
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number
  /** Whether the destination was given `onread`. */
  readonly readsByItself: boolean
}

/** Relays bytes blindly between a client and its destination. */
export class TunnelRelay {
  readonly #client: Socket
  readonly #buffers: TunnelBuffers
  readonly #buffer: AdaptiveBuffer
  #destination: Socket | undefined
  #lastMs = Date.now()
  #outcome: TunnelOutcome | undefined

  constructor(client: Socket, buffers: TunnelBuffers) {
    this.#client = client
    this.#buffers = buffers
    this.#buffer = new AdaptiveBuffer(buffers)
  }

  /** To be given to the connection to the destination. */
  get onread(): OnReadOpts {
    return {
      buffer: () => this.#buffer.current,
      callback: (length, bytes) => this.#toClient((bytes as Buffer).subarray(0, length)),
    }
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
  run(destination: Socket, head: Buffer, { idleTimeoutMs, readsByItself }: RelayOptions): Promise<TunnelOutcome> {
    this.#destination = destination
    const client = this.#client
    return new Promise((resolve) => {
      if (client.destroyed || destination.destroyed) {
        this.end(client.destroyed ? 'client_aborted' : 'destination_failed')
      }
      const onClosed = () => {
        if (client.closed && destination.closed) {
          this.#buffer.release()
          resolve(this.#outcome ?? 'complete')
        }
      }
      client.on('close', () => this.#close('client_aborted', client, destination)).once('close', onClosed)
      destination.on('close', () => this.#close('destination_failed', destination, client)).once('close', onClosed)
      destination.on('error', () => this.end('destination_failed'))
      client.on('error', () => this.end('client_aborted'))
      if (head.length > 0) {
        destination.write(head)
      }
      if (client.readableEnded) {
        destination.end() // It was, while the destination was dialled.
      } else {
        client.once('end', () => destination.end())
      }
      destination.once('end', () => client.end())
      destination.setTimeout(idleTimeoutMs, () => this.end('idle'))

      client.on('data', (bytes: Buffer) => {
        this.#lastMs = Date.now()
        if (!destination.write(bytes)) {
          client.pause()
        }
      })
      destination.on('drain', () => client.resume())
      if (!readsByItself) {
        destination.on('data', (bytes: Buffer) => {
          this.#lastMs = Date.now()
          if (!client.write(bytes)) {
            destination.pause()
          }
        })
        client.on('drain', () => destination.resume())
      }
      client.resume()
    })
  }

  /** Cuts it off, both ways. */
  end(outcome: TunnelOutcome): void {
    this.#outcome ??= outcome
    for (const socket of [this.#client, this.#destination]) {
      if (socket && !socket.destroyed) {
        // Node resets plain TCP only; TLS to an upstream proxy that ends without close_notify says as much.
        'encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()
      }
    }
  }

  /** A side that has closed without having ended first was cut off. */
  #close(outcome: TunnelOutcome, closed: Socket, other: Socket): void {
    if (!other.closed && !(closed.readableEnded && closed.writableFinished)) {
      this.end(outcome)
    }
  }

  /** @returns Whether to read on. */
  #toClient(bytes: Buffer): boolean {
    this.#lastMs = Date.now()
    const client = this.#client
    client.write(bytes)
    const replaced = this.#buffer.adapt(bytes.length)
    if (client.writableLength === 0) {
      // The kernel has taken it all, so that what held it is free.
      if (replaced) this.#buffers.give(replaced)
      return true
    }
    // Called back behind all that waits; 'drain' comes only where that is more than the high-water mark.
    client.write('', () => {
      if (replaced) this.#buffers.give(replaced)
      this.#destination?.resume()
    })
    return false
  }
}
