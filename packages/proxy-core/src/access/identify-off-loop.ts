import { Worker } from 'node:worker_threads'
import { isLoopback } from './authenticate-client.js'
import type { CallingPrograms } from './calling-program.js'
import type { ConnectionEnds } from './tcp-tables.js'

/** Long enough for a loaded machine with thousands of processes; the file system of a program may also not answer at all. */
const LIMIT_MS = 5000

/** What the thread is told to live with: it holds one search of /proc at a time. */
const MAX_HEAP_MIB = 64

export interface OffLoopIdentification {
  /** Never rejects: whatever goes wrong, nobody is identified. */
  readonly identify: (socket: ConnectionEnds) => Promise<CallingPrograms | undefined>
  /** Ends the thread; who still waits gets `undefined`. */
  readonly close: () => Promise<void>
}

interface Question {
  readonly ends: ConnectionEnds
  readonly answer: (programs: CallingPrograms | undefined) => void
}

/**
 * `identifyCallingPrograms` on a thread of its own, so that the search of /proc holds up no other exchange.
 *
 * All who ask while a search is under way share the next one, which begins after they asked: a hundred clients at
 * once cost two searches. The thread starts with the first question and keeps no process alive.
 */
export function identifyOffLoop(limitMs = LIMIT_MS): OffLoopIdentification {
  const waiting = new Set<Question>()
  let asked: readonly Question[] = []
  let worker: Worker | undefined

  const ask = (): void => {
    if (asked.length === 0 && waiting.size > 0) {
      worker ??= startWorker()
      asked = [...waiting]
      waiting.clear()
      worker.postMessage(asked.map(({ ends }) => ends))
    }
  }
  const settle = (answers: readonly (CallingPrograms | undefined)[]): void => {
    const settled = asked
    asked = []
    settled.forEach(({ answer }, index) => {
      answer(answers[index])
    })
  }
  const startWorker = (): Worker => {
    const started = new Worker(new URL('./calling-programs-worker.js', import.meta.url), {
      name: 'calling-programs',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    })
    started.on('message', (answers: readonly (CallingPrograms | undefined)[]) => {
      settle(answers)
      ask()
    })
    started.on('error', () => {}) // Its exit follows.
    started.on('exit', () => {
      worker = undefined
      settle([])
      ask()
    })
    started.unref()
    return started
  }

  return {
    identify({ remoteAddress, remotePort, localAddress, localPort }) {
      if (process.platform !== 'linux' || !isLoopback(remoteAddress)) {
        return Promise.resolve(undefined)
      }
      return new Promise((resolve) => {
        const question: Question = {
          ends: { remoteAddress, remotePort, localAddress, localPort },
          answer(programs) {
            clearTimeout(timer)
            resolve(programs)
          },
        }
        const timer = setTimeout(() => {
          waiting.delete(question)
          resolve(undefined)
        }, limitMs)
        waiting.add(question)
        ask()
      })
    },
    async close() {
      for (const { answer } of waiting) {
        answer(undefined)
      }
      waiting.clear()
      await worker?.terminate()
    },
  }
}
