import { UserError } from '../user-error.js'

/**
 * A command line that is wrong whatever the state of the machine: exit code 2. What depends on the environment, the
 * installed plugins or stored records is a plain `UserError`, exit code 1.
 */
export function usageError(code: string, message: string, suggestions: readonly string[] = []): UserError {
  return new UserError(code, message, { suggestions, exitCode: 2 })
}
