import type { CallingPrograms } from './calling-program.js'
import { ancestorExecutables } from './process-ancestry.js'
import type { HeldSocket } from './process-sockets.js'
import type { ProcessView } from './process-view.js'

/**
 * The programs of all processes that hold a socket.
 *
 * @param held - The socket, once per process.
 * @returns `changed` if what was read is of different moments, because a process exited, let go of the socket or runs
 *   another program now; `undefined` if the program of one of them cannot be told.
 */
export function programsOfHolders(
  held: readonly HeldSocket[],
  view: ProcessView,
): CallingPrograms | 'changed' | undefined {
  const processes = held.map((socket) => programsOfHolder(socket, view))
  if (held.length === 0 || processes.includes('changed')) {
    return 'changed'
  }
  const known = processes.filter((programs) => programs !== undefined && programs !== 'changed')
  return known.length === held.length ? { processes: known } : undefined
}

function programsOfHolder(socket: HeldSocket, view: ProcessView): readonly string[] | 'changed' | undefined {
  const stat = view.stat(socket.pid)
  const executable = view.executable(socket.pid)
  const ancestors = stat && ancestorExecutables(stat, view)
  const isSame =
    ancestors !== undefined &&
    view.holds(socket) &&
    view.executable(socket.pid) === executable &&
    // Asked last: then it was one and the same process that held the socket and ran the executable.
    view.stat(socket.pid)?.startTicks === stat?.startTicks
  if (!isSame) {
    return 'changed'
  }
  return executable === undefined ? undefined : [executable, ...ancestors]
}
