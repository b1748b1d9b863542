/** From what an idle tunnel holds to what a busy one reads at once, in bytes. */
const SIZES = [4 * 1024, 64 * 1024, 256 * 1024] as const
/** Of each larger size, kept for the next tunnel that becomes busy. */
const MAX_KEPT = 16

/**
 * Memory to read into: small while little comes, large while much does. A system call per 64 KiB costs a third of the
 * throughput, and 256 KiB for each of ten thousand idle tunnels would be 2.5 GiB.
 */
export class TunnelBuffers {
  readonly #kept = new Map<number, Buffer[]>()

  /** @param sizeClass - 0 to 2. */
  take(sizeClass: number): Buffer {
    const size = SIZES[sizeClass]!
    // Never of Node's shared pool: what is read here belongs to one client.
    return this.#kept.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)
  }

  /** Its owner may not touch it any more. */
  give(buffer: Buffer): void {
    const kept = this.#kept.get(buffer.length) ?? []
    this.#kept.set(buffer.length, kept)
    if (buffer.length > SIZES[0] && kept.length < MAX_KEPT) {
      kept.push(buffer)
    }
  }
}

/** Reads of one connection into a buffer that grows and shrinks with what comes. */
export class AdaptiveBuffer {
  readonly #buffers: TunnelBuffers
  #sizeClass = 0
  #buffer: Buffer

  constructor(buffers: TunnelBuffers) {
    this.#buffers = buffers
    this.#buffer = buffers.take(0)
  }

  get current(): Buffer {
    return this.#buffer
  }

  /**
   * Chooses the buffer for the next read.
   *
   * @param length - Bytes that the last read brought.
   * @returns The buffer that was replaced, if it was: to be given back once its bytes have been passed on.
   */
  adapt(length: number): Buffer | undefined {
    if (length === this.#buffer.length && this.#sizeClass < SIZES.length - 1) {
      return this.#become(this.#sizeClass + 1)
    }
    if (this.#sizeClass > 0 && length < SIZES[this.#sizeClass - 1]! / 2) {
      return this.#become(this.#sizeClass - 1)
    }
    return undefined
  }

  release(): void {
    this.#buffers.give(this.#buffer)
  }

  #become(sizeClass: number): Buffer {
    const replaced = this.#buffer
    this.#sizeClass = sizeClass
    this.#buffer = this.#buffers.take(sizeClass)
    return replaced
  }
}
