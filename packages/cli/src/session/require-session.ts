import type { StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import { findSessions } from './find-sessions.js'
import type { SessionRecord } from './session-file.js'

/**
 * The proxy of this user that was started last.
 *
 * @throws {UserError} `ERR_PROXY_NOT_RUNNING`; as `findSessions`.
 */
export async function requireSession(directory: StateDirectory): Promise<SessionRecord> {
  const {
    running: [newest],
    ended: [lost],
  } = await findSessions(directory)
  if (newest) return newest
  const why = lost ? `: the one that listened on ${lost.url} (pid ${lost.pid}) was killed or went down` : ''
  throw new UserError('ERR_PROXY_NOT_RUNNING', `no proxy is running${why}`, {
    suggestions: ['Start it: nemoclaw proxy run'],
  })
}
