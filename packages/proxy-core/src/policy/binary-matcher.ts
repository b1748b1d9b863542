import type { CallingPrograms } from '../access/calling-program.js'
import { compilePathGlob } from './path-glob.js'

/**
 * Decides whether the programs behind a connection are among those that a policy names.
 *
 * Every process that holds the connection must be: what one of them reads and writes, the others can too. A process is,
 * if its own executable or that of one of its ancestors matches.
 *
 * @param patterns - Absolute paths or globs (see `compilePathGlob`). None match no program: that a policy without
 *   `binaries` means any program is for the caller to know.
 */
export function binaryMatcher(patterns: readonly string[]): (programs: CallingPrograms) => boolean {
  const globs = patterns.map(compilePathGlob)
  const isNamed = (executable: string) => globs.some((matches) => matches(executable))
  // No process at all is an answer that cannot be: it must not pass for "all of them".
  return ({ processes }) => processes.length > 0 && processes.every((executables) => executables.some(isNamed))
}
