import { type ClientSocket, type ConnectionEnds, type FindClientSocket, readTable, tcpTables } from './tcp-tables.js'

/** Of the time of the event loop, reading for those who wait takes a fifth at most, and watching a twentieth. */
const PAUSE_PER_READING = 4
const PAUSE_PER_WATCHING = 20
const WATCH_MS = 250

interface Question {
  readonly ends: ConnectionEnds
  readonly resolve: (socket: ClientSocket | undefined) => void
  readonly reject: (error: unknown) => void
}

interface Watched {
  readonly ends: ConnectionEnds
  readonly onLook: (isHeld: boolean) => void
}

/**
 * Tells who holds the clients' ends of loopback connections, for all connections of a proxy: the kernel has one table
 * of them, and to read it takes 25 ms of the event loop where there are ten thousand, which anybody can open.
 *
 * One reading answers all questions that were asked before it, and none that was asked after: what has changed since is
 * never taken for how things are. While readings are too much for the event loop, questions wait.
 */
export class LoopbackClients {
  readonly #open: () => FindClientSocket
  #asked: Question[] = []
  readonly #watched = new Set<Watched>()
  #mayReadAtMs = 0
  #mayWatchAtMs = 0
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY

  /** @param open - Reads the tables; for tests. */
  constructor(open: () => FindClientSocket = () => tcpTables(readTable)) {
    this.#open = open
  }

  /**
   * @returns `undefined` where nobody holds the client's end any more.
   * @throws The file system's own error where the table cannot be read, e.g. `EMFILE`.
   */
  find(ends: ConnectionEnds): Promise<ClientSocket | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ ends, resolve, reject })
      this.#schedule()
    })
  }

  /**
   * Looks again and again.
   *
   * @param onLook - Not called where that cannot be told at the moment.
   * @returns Ends it.
   */
  watch(ends: ConnectionEnds, onLook: (isHeld: boolean) => void): () => void {
    const watched = { ends, onLook }
    this.#watched.add(watched)
    this.#schedule()
    return () => {
      this.#watched.delete(watched)
      this.#schedule()
    }
  }

  #schedule(): void {
    const dueMs = Math.min(
      this.#asked.length > 0 ? this.#mayReadAtMs : Number.POSITIVE_INFINITY,
      this.#watched.size > 0 ? this.#mayWatchAtMs : Number.POSITIVE_INFINITY,
    )
    if (dueMs === this.#dueMs) {
      return
    }
    clearTimeout(this.#timer)
    this.#dueMs = dueMs
    if (dueMs < Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#look(), Math.max(0, dueMs - performance.now()))
    }
  }

  #look(): void {
    const startedAt = performance.now()
    const asked = this.#asked
    const watched = startedAt >= this.#mayWatchAtMs ? [...this.#watched] : []
    this.#asked = []
    const look = this.#open()
    const seen: (() => void)[] = []
    try {
      for (const { ends, resolve } of asked) {
        const socket = look(ends)
        seen.push(() => resolve(socket))
      }
      for (const each of watched) {
        const isHeld = look(each.ends) !== undefined
        seen.push(() => this.#watched.has(each) && each.onLook(isHeld))
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
      seen.length = 0
    }
    const endedAt = performance.now()
    const tookMs = endedAt - startedAt
    this.#mayReadAtMs = endedAt + tookMs * PAUSE_PER_READING
    if (watched.length > 0) {
      this.#mayWatchAtMs = endedAt + Math.max(WATCH_MS, tookMs * PAUSE_PER_WATCHING)
    }
    this.#dueMs = Number.POSITIVE_INFINITY
    for (const tell of seen) tell()
    this.#schedule()
  }
}
