import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { readStateFile } from '../config/read-state-file.js'
import { checkStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'

/** What a running proxy leaves for `env`, `proxy status` and `doctor` to find it by. Holds the token: mode 0600. */
export interface SessionRecord {
  /** Names its files. Not the pid, which another container that shares the folder may have as well. */
  readonly id: string
  readonly pid: number
  /** Where the proxy listens. */
  readonly url: string
  /** What proves a client to it. */
  readonly token: string
  /** Absolute path of the control socket: whoever listens there is the session. */
  readonly controlSocket: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** ISO 8601, UTC: until then it lets through what no policy allows. */
  readonly learningUntil?: string
}

const MAX_FILE_BYTES = 16 * 1024
const FILE_NAME = /^([0-9a-f]{12})\.json$/

export function newSessionId(): string {
  return randomBytes(6).toString('hex')
}

/** @throws {UserError} `ERR_SESSION_UNWRITABLE`. */
export function writeSession(directory: StateDirectory, record: SessionRecord): void {
  try {
    writeFileAtomically(sessionPath(directory, record.id), Buffer.from(`${JSON.stringify(record)}\n`))
  } catch (error) {
    throw storageError('ERR_SESSION_UNWRITABLE', 'cannot write to', directory.shownAs, error)
  }
}

/** Takes a session out of sight; nothing where it is not there. */
export function removeSession(directory: StateDirectory, { id }: Pick<SessionRecord, 'id'>): void {
  rmSync(sessionPath(directory, id), { force: true })
}

/**
 * The records that are there, the newest first, whether or not their proxies still run.
 *
 * @throws {UserError} `ERR_STATE_DIRECTORY_UNSAFE`; `ERR_SESSION_UNREADABLE` where others could read a token or have
 *   written a record.
 */
export function readSessions(directory: StateDirectory): readonly SessionRecord[] {
  if (!checkStateDirectory(directory)) return []
  return readdirSync(directory.path)
    .flatMap((name) => readRecord(directory, FILE_NAME.exec(name)?.[1]) ?? [])
    .toSorted((one, other) => other.startedAt.localeCompare(one.startedAt))
}

function readRecord(directory: StateDirectory, id: string | undefined): SessionRecord | undefined {
  if (id === undefined) return undefined
  const content = readStateFile({
    path: sessionPath(directory, id),
    shownAs: join(directory.shownAs, `${id}.json`),
    unreadableCode: 'ERR_SESSION_UNREADABLE',
    maximumBytes: MAX_FILE_BYTES,
    readableBy: 'nobody',
  })
  const record = parse(content?.toString('utf8') ?? '')
  // Not whole, or not one of ours: of no proxy that could be found by it.
  return record?.id === id ? record : undefined
}

function parse(text: string): SessionRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<SessionRecord> | null
    const texts = [record?.id, record?.url, record?.token, record?.controlSocket, record?.startedAt]
    if (!Number.isSafeInteger(record?.pid) || texts.some((value) => typeof value !== 'string')) return undefined
    const whole = record as SessionRecord
    return isAbsolute(whole.controlSocket) && URL.canParse(whole.url) ? whole : undefined
  } catch {
    return undefined
  }
}

function sessionPath(directory: StateDirectory, id: string): string {
  return join(directory.path, `${id}.json`)
}
