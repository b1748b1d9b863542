import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * A secret that proves us to a provider. Every ordinary way to print it gives `[redacted]`; only
 * `reveal()` gives the secret, and the core calls that in exactly one file (`inference/upstream-fields.ts`).
 */
export class Credential {
  readonly #secret: string

  /** @param fingerprint - Tells whether two credentials are the same, and nothing else of them; for revisions. */
  constructor(
    secret: string,
    readonly fingerprint = '',
  ) {
    this.#secret = secret
  }

  reveal(): string {
    return this.#secret
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
