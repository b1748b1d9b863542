import type { OnReadOpts, Socket } from 'node:net'
import { AdaptiveBuffer, type TunnelBuffers } from './tunnel-buffers.js'

/**
 * One way through a tunnel: what a socket reads into memory that is used again and again, written to another one. A
 * buffer that was given to `write` is not read into before the kernel has taken all of it.
 */
export class OneWay {
  readonly #buffers: TunnelBuffers
  readonly #buffer: AdaptiveBuffer
  readonly #onBytes: () => void
  #source: Socket | undefined
  #sink: Socket | undefined
  /** Whether reading waits for the kernel. */
  #waits = false
  /** Was read into last and is not the next one. */
  #replaced: Buffer | undefined

  /** To be given to the socket that is read; it has to be paused until `join`. */
  readonly onread: OnReadOpts

  /** @param onBytes - Called whenever something comes. */
  constructor(buffers: TunnelBuffers, onBytes: () => void) {
    this.#buffers = buffers
    this.#buffer = new AdaptiveBuffer(buffers)
    this.#onBytes = onBytes
    this.onread = {
      buffer: () => this.#buffer.current,
      callback: (length, bytes) => this.#pass((bytes as Buffer).subarray(0, length)),
    }
  }

  /** Begins to read. */
  join(source: Socket, sink: Socket): void {
    this.#source = source
    this.#sink = sink
    if (sink.writableLength > 0) {
      sink.write('', this.#onWritten)
      this.#waits = true
    } else {
      source.resume()
    }
  }

  /** To be called once, when nothing is read or written here any more: two would share what is given back twice. */
  release(): void {
    this.#buffer.release()
  }

  /** @returns Whether to read on. */
  #pass(bytes: Buffer): boolean {
    this.#onBytes()
    const sink = this.#sink!
    sink.write(bytes, this.#onWritten)
    this.#replaced = this.#buffer.adapt(bytes.length)
    this.#waits = sink.writableLength > 0
    if (!this.#waits) {
      this.#giveBack()
    }
    return !this.#waits
  }

  readonly #onWritten = () => {
    if (this.#waits && this.#sink!.writableLength === 0) {
      this.#waits = false
      this.#giveBack()
      this.#source!.resume()
    }
  }

  #giveBack(): void {
    if (this.#replaced) {
      this.#buffers.give(this.#replaced)
      this.#replaced = undefined
    }
  }
}
