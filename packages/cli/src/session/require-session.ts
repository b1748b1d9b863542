import type { StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import { readSessions, type SessionRecord } from './session-file.js'

/**
 * The proxy of this user that was started last.
 *
 * @throws {UserError} `ERR_PROXY_NOT_RUNNING`.
 */
export function requireSession(directory: StateDirectory): SessionRecord {
  const [newest] = readSessions(directory)
  if (!newest) {
    throw new UserError('ERR_PROXY_NOT_RUNNING', 'no proxy is running', {
      suggestions: ['Start it: nemoclaw proxy run'],
    })
  }
  return newest
}
