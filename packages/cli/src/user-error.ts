export interface UserErrorOptions extends ErrorOptions {
  /** What to type or change next, a line each. */
  readonly suggestions?: readonly string[]
  /** 2 for a mistake in how a command was called, 1 (the default) for a failure. */
  readonly exitCode?: 1 | 2
}

/**
 * A mistake or a failure that the user can mend: printed without a stack, with what to do next.
 * `message` never holds a secret.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: string
  readonly suggestions: readonly string[]
  readonly exitCode: 1 | 2

  constructor(code: string, message: string, { suggestions = [], exitCode = 1, ...options }: UserErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.suggestions = suggestions
    this.exitCode = exitCode
  }
}
