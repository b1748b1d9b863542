import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyEvent } from '@nemoclaw/proxy-core'
import type { StateDirectory } from '../config/state-directory.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { isLearned } from './denial-record.js'

/** Where something was let through because the proxy was learning. */
export interface LearnedDestination {
  readonly host: string
  readonly port: number
}

const FILE_NAME = 'learned-destinations.json'
const MAX_DESTINATIONS = 1_000
const MAX_FILE_BYTES = 512 * 1024

/** What a learning session has let through; kept in a file, so that it can be suggested when the proxy has ended. */
export class LearnedDestinations {
  readonly #path: string
  readonly #seen = new Map<string, LearnedDestination>()

  /** Begins anew: what an earlier session has learned is forgotten with the first new destination. */
  constructor(directory: StateDirectory) {
    this.#path = learnedPath(directory)
  }

  hear(event: ProxyEvent): void {
    if (!isLearned(event)) return
    const { host, port } = event
    const key = `${host}:${port}`
    if (this.#seen.has(key) || this.#seen.size >= MAX_DESTINATIONS) return
    this.#seen.set(key, { host, port })
    writeFileAtomically(this.#path, Buffer.from(`${JSON.stringify([...this.#seen.values()])}\n`))
  }
}

/** @returns What the last learning session let through; nothing where there was none. */
export function readLearnedDestinations(directory: StateDirectory): readonly LearnedDestination[] {
  try {
    const content = readFileSync(learnedPath(directory), 'utf8').slice(0, MAX_FILE_BYTES)
    const parsed: unknown = JSON.parse(content)
    return Array.isArray(parsed) ? parsed.filter(isDestination) : []
  } catch {
    return []
  }
}

function learnedPath({ path }: StateDirectory): string {
  return join(path, FILE_NAME)
}

function isDestination(value: unknown): value is LearnedDestination {
  const { host, port } = (value ?? {}) as Partial<LearnedDestination>
  return typeof host === 'string' && host.length <= 253 && Number.isInteger(port)
}
