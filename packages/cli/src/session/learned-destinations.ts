import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyEvent } from '@nemoclaw/proxy-core'
import type { StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { isLearned } from './denial-record.js'
import type { LifecycleEvent } from './event-line.js'

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
  readonly #directory: StateDirectory
  readonly #onEvent: (event: LifecycleEvent) => void
  readonly #seen = new Map<string, LearnedDestination>()
  readonly #told = new Set<'unwritten' | 'full'>()
  #isUnwritten = false

  /** Begins anew: what an earlier session has learned is forgotten with the first new destination. */
  constructor(directory: StateDirectory, onEvent: (event: LifecycleEvent) => void) {
    this.#directory = directory
    this.#onEvent = onEvent
  }

  /** Never throws: what cannot be written is written with a later destination. */
  hear(event: ProxyEvent): void {
    if (!isLearned(event)) return
    const { host, port } = event
    const key = `${host}:${port}`
    if (!this.#seen.has(key)) {
      if (this.#seen.size < MAX_DESTINATIONS) {
        this.#seen.set(key, { host, port })
        this.#isUnwritten = true
      } else {
        const many = MAX_DESTINATIONS.toLocaleString('en')
        this.#tell('full', `${many} destinations are learned; further ones are let through and not recorded`)
      }
    }
    if (this.#isUnwritten) this.#write()
  }

  #write(): void {
    try {
      const content = Buffer.from(`${JSON.stringify([...this.#seen.values()])}\n`)
      writeFileAtomically(learnedPath(this.#directory), content)
      this.#isUnwritten = false
    } catch (cause) {
      // The reason to tell is the system's; a proxy that is out of descriptors goes on with those it has.
      const { message } = storageError('', 'cannot write', join(this.#directory.shownAs, FILE_NAME), cause)
      this.#tell('unwritten', `${message}; what is learned is kept in memory, and written with what is learned next`)
    }
  }

  /** Once: each request of a client can bring it about. */
  #tell(what: 'unwritten' | 'full', detail: string): void {
    if (this.#told.has(what)) return
    this.#told.add(what)
    try {
      this.#onEvent({ kind: 'lifecycle', action: 'learning_incomplete', detail })
    } catch {
      // A log that fails is told of by the log.
    }
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

function learnedPath({ path }: Pick<StateDirectory, 'path'>): string {
  return join(path, FILE_NAME)
}

function isDestination(value: unknown): value is LearnedDestination {
  const { host, port } = (value ?? {}) as Partial<LearnedDestination>
  return typeof host === 'string' && host.length <= 253 && Number.isInteger(port)
}
