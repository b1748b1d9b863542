import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStateFile } from '../config/read-state-file.js'
import { checkStateDirectory, ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'

/** What a running proxy leaves for `env`, `proxy status` and `doctor` to find it by. Holds the token: mode 0600. */
export interface SessionRecord {
  readonly pid: number
  /** Where the proxy listens. */
  readonly url: string
  /** What proves a client to it. */
  readonly token: string
  /** Path of the control socket. */
  readonly controlSocket: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
}

const MAX_FILE_BYTES = 16 * 1024
const FILE_NAME = /^(\d+)\.json$/

export function writeSession(directory: StateDirectory, record: SessionRecord): void {
  ensureStateDirectory(directory)
  const path = sessionPath(directory, record.pid)
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}

export function removeSession(directory: StateDirectory, { pid, controlSocket }: SessionRecord): void {
  rmSync(sessionPath(directory, pid), { force: true })
  rmSync(controlSocket, { force: true })
}

/**
 * The proxies of this user that may be running, the newest first. Records of processes that have ended are swept.
 */
export function readSessions(directory: StateDirectory): readonly SessionRecord[] {
  if (!checkStateDirectory(directory)) {
    return []
  }
  return readdirSync(directory.path)
    .flatMap((name) => {
      const pid = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN)
      if (Number.isNaN(pid)) {
        return []
      }
      const record = readRecord(directory, pid)
      if (record && isRunning(pid)) {
        return [record]
      }
      rmSync(sessionPath(directory, pid), { force: true })
      return []
    })
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
}

function readRecord(directory: StateDirectory, pid: number): SessionRecord | undefined {
  const content = readStateFile({
    path: sessionPath(directory, pid),
    shownAs: `${directory.shownAs}/${pid}.json`,
    unreadableCode: 'ERR_SESSION_UNREADABLE',
    maximumBytes: MAX_FILE_BYTES,
    readableBy: 'nobody',
  })
  try {
    const record = JSON.parse(content?.toString() ?? '') as Partial<SessionRecord>
    const texts = [record.url, record.token, record.controlSocket, record.startedAt]
    return record.pid === pid && texts.every((text) => typeof text === 'string') ? (record as SessionRecord) : undefined
  } catch {
    return undefined // A record that is not whole is of no proxy that can be found.
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function sessionPath(directory: StateDirectory, pid: number): string {
  return join(directory.path, `${pid}.json`)
}
