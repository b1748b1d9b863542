import { UserError } from '../user-error.js'
import { type CredentialReference, parseReference } from './credential-reference.js'
import { credentialValueViolation } from './credential-value.js'
import { readSecretFile } from './read-secret-file.js'
import { runSource } from './run-source.js'

/** Milliseconds that the answer of `exec:` is used again. */
export const EXEC_CACHE_MS = 60_000
/** Milliseconds that its failure is: without, each request of a busy agent would start a process. */
export const EXEC_FAILURE_CACHE_MS = 5_000

export interface ReferenceResolverOptions {
  readonly environment: (name: string) => string | undefined
  /** Milliseconds from any fixed moment; `performance.now` where left out. */
  readonly now?: () => number
  readonly run?: typeof runSource
}

interface Remembered {
  readonly value: Promise<string>
  validUntil: number
}

/**
 * Fetches credentials that others keep. `env:` and `file:` are read each time; `exec:` runs once per minute, and once
 * for all who ask at the same time.
 */
export class ReferenceResolver {
  readonly #environment: (name: string) => string | undefined
  readonly #now: () => number
  readonly #run: typeof runSource
  readonly #remembered = new Map<string, Remembered>()

  constructor({ environment, now = () => performance.now(), run = runSource }: ReferenceResolverOptions) {
    this.#environment = environment
    this.#now = now
    this.#run = run
  }

  /**
   * @param text - E.g. `env:NVIDIA_API_KEY`.
   * @returns The credential, without the line break at its end.
   * @throws {UserError} `ERR_REFERENCE_INVALID`, `ERR_REFERENCE_UNAVAILABLE`, `ERR_CREDENTIAL_INVALID`.
   */
  async resolve(text: string): Promise<string> {
    const reference = parseReference(text)
    const value = (await this.#fetch(reference)).replace(/[\r\n]+$/, '')
    const violation = credentialValueViolation(value)
    if (violation === undefined) return value
    throw new UserError('ERR_CREDENTIAL_INVALID', `what ${describe(reference)} gives ${violation}`, {
      suggestions: ['It has to be the bare key, on one line.'],
    })
  }

  #fetch(reference: CredentialReference): Promise<string> {
    switch (reference.kind) {
      case 'env':
        return this.#readEnvironment(reference.name)
      case 'file':
        return readSecretFile(reference.path)
      case 'exec':
        return this.#runOnce(reference.argv)
    }
  }

  async #readEnvironment(name: string): Promise<string> {
    const value = this.#environment(name)
    if (value) return value
    throw new UserError('ERR_REFERENCE_UNAVAILABLE', `the environment variable ${name} is not set`, {
      suggestions: [`Set it where the proxy is started: export ${name}=...`],
    })
  }

  #runOnce(argv: readonly [string, ...string[]]): Promise<string> {
    const key = JSON.stringify(argv)
    const known = this.#remembered.get(key)
    if (known !== undefined && this.#now() < known.validUntil) return known.value

    const entry: Remembered = { value: this.#run(argv, this.#environment), validUntil: Number.POSITIVE_INFINITY }
    this.#remembered.set(key, entry)
    entry.value.then(
      () => {
        entry.validUntil = this.#now() + EXEC_CACHE_MS
      },
      () => {
        entry.validUntil = this.#now() + EXEC_FAILURE_CACHE_MS
      },
    )
    return entry.value
  }
}

function describe(reference: CredentialReference): string {
  switch (reference.kind) {
    case 'env':
      return `env:${reference.name}`
    case 'file':
      return `file:${reference.path}`
    case 'exec':
      return `exec:${reference.argv[0]}`
  }
}
