const FIRST_CAPACITY_BYTES = 64 * 1024

/**
 * Content as it grows. Pieces are copied as they come, so that a million of one byte take no more room than their sum,
 * and a large content exists once.
 */
export class ContentBuffer {
  #buffer: Buffer
  #length = 0

  /** @param expectedBytes - The announced length; absent where nobody knows. Room is not touched before it is filled. */
  constructor(expectedBytes?: number) {
    this.#buffer = Buffer.allocUnsafeSlow(expectedBytes ?? FIRST_CAPACITY_BYTES)
  }

  get length(): number {
    return this.#length
  }

  push(piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = length
  }

  /** What came so far. Valid until the next piece. */
  content(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}
