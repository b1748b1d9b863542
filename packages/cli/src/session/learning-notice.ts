import type { StateDirectory } from '../config/state-directory.js'
import { readSessions } from './session-file.js'

/** @returns What every command says while a proxy lets through what no policy allows. Never throws. */
export function learningNotice(directory: StateDirectory, now: Date): string | undefined {
  try {
    const learning = readSessions(directory).find(
      ({ learningUntil, pid }) => learningUntil && now < new Date(learningUntil) && isAlive(pid),
    )
    return (
      learning &&
      `the proxy on ${learning.url} is LEARNING until ${learning.learningUntil}: what no policy allows passes`
    )
  } catch {
    return undefined // Commands that need the sessions say what is wrong with them.
  }
}

/** The record of a killed proxy stays until the next command that looks for proxies. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
