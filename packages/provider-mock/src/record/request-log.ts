import type { IncomingMessage } from 'node:http'
import { readMultipart } from './read-multipart.js'
import type { ReceivedRequest } from './received-request.js'

/** A request being recorded: the same object that `received` shows, writable. */
export type RequestEntry = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] }

/** How much of the past is kept; the oldest requests are forgotten first. */
export interface RequestLogLimits {
  readonly maxRequests: number
  /** Bytes of content over all kept requests. */
  readonly maxContentBytes: number
}

/** Records requests as they come in, within limits, and wakes those who wait for one. */
export class RequestLog {
  readonly entries: RequestEntry[] = []
  readonly #limits: RequestLogLimits
  readonly #connectionIds = new WeakMap<object, number>()
  readonly #listeners = new Set<() => void>()
  #requests = 0
  #connections = 0

  constructor(limits: RequestLogLimits) {
    this.#limits = limits
  }

  /** Records a request whose head has arrived. */
  open(request: IncomingMessage): RequestEntry {
    const entry: RequestEntry = {
      number: ++this.#requests,
      connectionId: this.#connectionId(request.socket),
      method: request.method!,
      url: request.url!,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      headers: request.headers,
      content: Buffer.alloc(0),
      contentBytes: 0,
      contentComplete: false,
      receivedAtMs: Date.now(),
      clientAborted: false,
    }
    this.entries.push(entry)
    this.#changed()
    return entry
  }

  /** Reads the content into the entry. @returns whether it came to its end. */
  async readContent(entry: RequestEntry, request: IncomingMessage): Promise<boolean> {
    const pieces: Buffer[] = []
    let broken = false
    try {
      for await (const piece of request) {
        entry.contentBytes += piece.length
        if (entry.contentBytes <= this.#limits.maxContentBytes) {
          pieces.push(piece)
        }
        this.#changed()
      }
    } catch {
      broken = true
    }
    // What came of a broken upload is kept, for a test to look at.
    entry.content = Buffer.concat(pieces)
    entry.contentComplete = !broken && request.complete
    interpretContent(entry)
    this.#forgetOldest()
    if (entry.contentComplete) {
      this.#changed()
    } else {
      this.#noteAbort(entry)
    }
    return entry.contentComplete
  }

  /** Notes that the client left before the answer was complete. */
  noteAbort(entry: RequestEntry): void {
    // A client that leaves while its content comes in is noted by readContent, together with what came.
    if (entry.contentComplete) {
      this.#noteAbort(entry)
    }
  }

  noteStatus(entry: RequestEntry, status: number): void {
    entry.status = status
    this.#changed()
  }

  /** Resolves with the first entry that `matches`, now or after a later change. */
  async waitFor(matches: (entry: ReceivedRequest) => boolean, timeoutMs: number): Promise<ReceivedRequest> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(), timeoutMs)
      const settle = (entry?: ReceivedRequest) => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        entry ? resolve(entry) : reject(new Error(`No such request within ${timeoutMs} ms.`))
      }
      const look = () => {
        const entry = this.entries.find(matches)
        if (entry) {
          settle(entry)
        }
      }
      this.#listeners.add(look)
      look()
    })
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) {
      listener()
    }
  }

  #noteAbort(entry: RequestEntry): void {
    entry.clientAborted = true
    entry.clientAbortedAtMs = Date.now()
    this.#changed()
  }

  #connectionId(socket: object): number {
    const id = this.#connectionIds.get(socket) ?? ++this.#connections
    this.#connectionIds.set(socket, id)
    return id
  }

  #forgetOldest(): void {
    let bytes = this.entries.reduce((sum, entry) => sum + entry.content.length, 0)
    // The newest stays, however large: it is the one being looked at.
    while (
      this.entries.length > 1 &&
      (this.entries.length > this.#limits.maxRequests || bytes > this.#limits.maxContentBytes)
    ) {
      bytes -= this.entries.shift()!.content.length
    }
  }
}

function interpretContent(entry: RequestEntry): void {
  const contentType = entry.headers['content-type']
  const parts = readMultipart(contentType, entry.content)
  if (parts) {
    entry.parts = parts
    const model = parts.find(({ name }) => name === 'model')
    if (model) {
      entry.model = model.content.toString()
    }
    return
  }
  try {
    entry.json = JSON.parse(entry.content.toString())
  } catch {
    return
  }
  const model = (entry.json as { model?: unknown } | null)?.model
  if (typeof model === 'string') {
    entry.model = model
  }
}
