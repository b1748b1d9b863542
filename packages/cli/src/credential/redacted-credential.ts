import { inspect } from 'node:util'
import type { StoredCredential } from './credential-store.js'

/** A `StoredCredential` that shows its origin, and never its value, wherever it is printed, logged or serialised. */
export class RedactedCredential implements StoredCredential {
  readonly origin: string
  readonly #value: string

  constructor({ origin, value }: StoredCredential) {
    this.origin = origin
    this.#value = value
  }

  get value(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): unknown {
    return { origin: this.origin, value: '[redacted]' }
  }

  [inspect.custom](): string {
    return `RedactedCredential { origin: '${this.origin}', value: [redacted] }`
  }
}
