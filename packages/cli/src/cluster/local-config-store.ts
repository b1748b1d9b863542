import { join } from 'node:path'
import { MAX_CONFIG_FILE_BYTES } from '../config/limits.js'
import { parseConfig, SCHEMA_VERSION, serialiseConfig } from '../config/parse-config.js'
import { readStateFile } from '../config/read-state-file.js'
import { type ConfigDocument, EMPTY_CONFIG } from '../config/schema.js'
import { checkStateDirectory, ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { watchFile } from '../config/watch-file.js'
import { UserError } from '../user-error.js'
import type { ConfigChange, ConfigEvent, ConfigStore } from './config-store.js'

export interface LocalConfigStoreOptions {
  /** Absolute path of the folder that holds `config.json`; made, mode 0700, by the first update. */
  readonly directory: string
  /** What messages call the folder, e.g. `~/.config/nemoclaw`; the path itself where left out. */
  readonly shownAs?: string
  /** Milliseconds an update waits for another process; 10,000 where left out. */
  readonly lockWaitMs?: number
}

/** The configuration in one JSON file of this machine, read anew each time. */
export class LocalConfigStore implements ConfigStore {
  readonly #directory: StateDirectory
  readonly #path: string
  readonly #shownAs: string
  readonly #lockWaitMs: number | undefined
  /** What was last read or written, as text: what a watcher that starts afterwards compares with. */
  #lastText: string | undefined

  constructor({ directory, shownAs = directory, lockWaitMs }: LocalConfigStoreOptions) {
    this.#directory = { path: directory, shownAs }
    this.#path = join(directory, 'config.json')
    this.#shownAs = join(shownAs, 'config.json')
    this.#lockWaitMs = lockWaitMs
  }

  async read(): Promise<ConfigDocument> {
    const { text, document } = this.#readFile()
    this.#lastText = text
    return document
  }

  async update(change: ConfigChange, expectedVersion?: number): Promise<ConfigDocument> {
    // Imported by who changes something: most commands, and a proxy that starts, only read.
    const [{ withFileLock }, { writeConfig }] = await Promise.all([
      import('../config/file-lock.js'),
      import('../config/write-config.js'),
    ])
    ensureStateDirectory(this.#directory)
    const lock = {
      path: join(this.#directory.path, 'config.lock'),
      shownAs: this.#shownAs,
      lockedCode: 'ERR_CONFIG_LOCKED',
      unwritableCode: 'ERR_CONFIG_UNWRITABLE',
      ...(this.#lockWaitMs === undefined ? {} : { waitMs: this.#lockWaitMs }),
    }
    return withFileLock(lock, async () => {
      const { document: current } = this.#readFile()
      if (expectedVersion !== undefined && current.version !== expectedVersion) {
        throw conflict(this.#shownAs, expectedVersion, current.version)
      }
      const changed = { ...change(current), schemaVersion: SCHEMA_VERSION, version: current.version + 1 } as const
      const text = serialiseConfig(changed)
      const stored = this.#checkChanged(text)
      try {
        await writeConfig(this.#directory.path, text)
      } catch (error) {
        throw storageError('ERR_CONFIG_UNWRITABLE', 'cannot write', this.#shownAs, error)
      }
      this.#lastText = text
      return stored
    })
  }

  /** Starts from what this store last read or wrote, else from what is stored now. Does not keep the process alive. */
  watch(listener: (event: ConfigEvent) => void): () => void {
    let known = this.#lastText ?? this.#textNow()
    let brokenBecause: string | undefined

    const look = (): void => {
      try {
        const { text, document } = this.#readFile()
        if (text === known && brokenBecause === undefined) return
        known = text
        brokenBecause = undefined
        listener({ kind: 'changed', document })
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        if (error.message === brokenBecause) return
        brokenBecause = error.message
        listener({ kind: 'broken', error })
      }
    }
    const stop = watchFile(this.#path, look)
    // What happened between the last read and now sends no event any more.
    const first = setImmediate(look)
    return () => {
      clearImmediate(first)
      stop()
    }
  }

  #readFile(): { readonly text: string; readonly document: ConfigDocument } {
    const content = checkStateDirectory(this.#directory)
      ? readStateFile({
          path: this.#path,
          shownAs: this.#shownAs,
          unreadableCode: 'ERR_CONFIG_UNREADABLE',
          maximumBytes: MAX_CONFIG_FILE_BYTES,
          readableBy: 'anybody',
        })
      : undefined
    if (content === undefined) return { text: '', document: EMPTY_CONFIG }
    const text = content.toString('utf8')
    return { text, document: parseConfig(text, this.#shownAs) }
  }

  #textNow(): string | undefined {
    try {
      return this.#readFile().text
    } catch {
      return undefined // The watcher's first look says why.
    }
  }

  #checkChanged(text: string): ConfigDocument {
    try {
      return parseConfig(text, 'the change')
    } catch (error) {
      throw new UserError('ERR_CONFIG_INVALID', error instanceof Error ? error.message : String(error), {
        cause: error,
      })
    }
  }
}

function conflict(shownAs: string, expected: number, found: number): UserError {
  return new UserError(
    'ERR_CONFIG_CONFLICT',
    `${shownAs} was changed by another process meanwhile (version ${found}, expected ${expected})`,
    { suggestions: ['Look at the new state and run the command again.'] },
  )
}
