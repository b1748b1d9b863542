import { parentPort } from 'node:worker_threads'
import { identifyAll } from './identify-calling-programs.js'
import type { ConnectionEnds } from './tcp-tables.js'

// The thread behind `identifyOffLoop`: a list of connections in, a list of answers out.
parentPort?.on('message', (connections: readonly ConnectionEnds[]) => {
  parentPort?.postMessage(identifyAll(connections))
})
