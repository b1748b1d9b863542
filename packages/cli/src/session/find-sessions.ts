import { rmdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { StateDirectory } from '../config/state-directory.js'
import { readSessions, removeSession, type SessionRecord } from './session-file.js'

export interface FoundSessions {
  /** The newest first. */
  readonly running: readonly SessionRecord[]
  /** Proxies that were killed, or went down with the machine. Their records are swept by now. */
  readonly ended: readonly SessionRecord[]
}

/** This user's proxies. Throws as `readSessions`. */
export async function findSessions(directory: StateDirectory): Promise<FoundSessions> {
  const records = readSessions(directory)
  const listening = await Promise.all(records.map(({ controlSocket }) => isListening(controlSocket)))
  const ended = records.filter((_, index) => !listening[index])
  for (const record of ended) {
    removeSession(directory, record)
    removeSocket(record.controlSocket, directory)
  }
  return { running: records.filter((_, index) => listening[index]), ended }
}

/** And the folder that was made for it, where its path would have been too long in ours. */
function removeSocket(path: string, { path: ours }: StateDirectory): void {
  rmSync(path, { force: true })
  if (dirname(path) === ours) return
  try {
    rmdirSync(dirname(path))
  } catch {
    // Gone already, or not empty and so not that folder.
  }
}

/**
 * Whether a process listens on a Unix socket. The kernel knows, where a pid may be another process's by now: the
 * socket of a killed process stays as a file, and connecting to it is refused.
 */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    // Full, so somebody is there.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'))
    socket.once('connect', () => socket.destroy())
  })
}
