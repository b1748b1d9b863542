import { ProxyError } from '../proxy-error.js'

/** How many destinations are connected to at once, or being dialled: each costs two descriptors, and they are not endless. */
export class DestinationCount {
  readonly #limit: number
  #open = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get open(): number {
    return this.#open
  }

  /**
   * @returns gives the place back; to be called once.
   * @throws {ProxyError} `ERR_TOO_MANY_TUNNELS` (503).
   */
  enter(): () => void {
    if (this.#open >= this.#limit) {
      throw new ProxyError(
        'ERR_TOO_MANY_TUNNELS',
        `${this.#limit} connections to destinations are open, and no more are served at once.`,
      )
    }
    this.#open++
    return () => void this.#open--
  }
}
