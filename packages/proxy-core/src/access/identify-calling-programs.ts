import { isLoopback } from './authenticate-client.js'
import type { CallingPrograms } from './calling-program.js'
import { mayBeHeldByHidden, showsAllProcesses } from './hidden-holders.js'
import { findProcessSockets } from './process-sockets.js'
import { PROC_VIEW } from './process-view.js'
import { programsOfHolders } from './programs-of-holders.js'
import { type ConnectionEnds, tcpTables } from './tcp-tables.js'

/** What has changed while it was read is read once more. */
const ATTEMPTS = 2

/**
 * Tells which programs are behind a loopback connection, from /proc (Linux).
 *
 * It says who holds the connection now. It is no wall against a hostile program of the same user, who can hand
 * a connection over, or run an allowed program with code of its own: against that, confine it.
 *
 * Searches all of /proc, some 15 ms with 300 processes: on an event loop, see `identifyOffLoop`.
 */
export function identifyCallingPrograms(connection: ConnectionEnds): CallingPrograms | undefined {
  return identifyAll([connection])[0]
}

/**
 * The same for several connections, in one search.
 *
 * @returns An answer per connection, in their order.
 */
export function identifyAll(connections: readonly ConnectionEnds[]): readonly (CallingPrograms | undefined)[] {
  const answers: (CallingPrograms | undefined)[] = connections.map(() => undefined)
  // Through an address of the network the other end may be another machine's that has the same address.
  const open = new Set([...connections.keys()].filter((index) => isLoopback(connections[index]!.remoteAddress)))
  if (process.platform !== 'linux' || !showsAllProcesses()) {
    return answers
  }
  for (let attempt = 0; attempt < ATTEMPTS && open.size > 0; attempt++) {
    const lookUp = tcpTables()
    const clients = [...open].flatMap((index) => {
      const socket = lookUp(connections[index]!)
      return socket ? [{ index, ...socket }] : []
    })
    if (clients.length === 0) {
      continue
    }
    const found = findProcessSockets(new Set(clients.map(({ inode }) => inode)))
    for (const { index, uid, inode } of clients) {
      const held = found.held.filter((socket) => socket.inode === inode)
      const programs = programsOfHolders(held, PROC_VIEW)
      const pids = held.map(({ pid }) => pid)
      // A process that is just ending hides too, so that the doubt may be gone at the next attempt.
      if (programs !== 'changed' && !mayBeHeldByHidden(uid, pids, found.hiddenPids)) {
        answers[index] = programs
        open.delete(index)
      }
    }
  }
  return answers
}
