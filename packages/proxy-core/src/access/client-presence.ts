import type { Socket } from 'node:net'
import { isLoopback } from './authenticate-client.js'
import type { LoopbackClients } from './loopback-clients.js'

/** Looks that find nobody before a client is taken for gone: the kernel lets its table change while it is read. */
const LOOKS = 2

export interface PresenceOptions {
  /** Asked before each look: no more looks once it says false. */
  readonly isNeeded: () => boolean
  /** What to think of a client of another machine, or on a platform that cannot tell. */
  readonly unknownIs: 'present' | 'gone'
}

/** Whether this platform tells if a process still holds the client's end of a connection. */
export function canTellPresence(socket: Socket): boolean {
  return process.platform === 'linux' && isLoopback(socket.remoteAddress)
}

/**
 * Destroys a connection when no process holds its other end any more, where reading from it would not tell: a client
 * that has closed its side for writing may be waiting for its answer or be gone, and TCP says the same of both.
 * Where there is no telling at the moment, for want of descriptors, it is present.
 */
export function watchPresence(
  clients: LoopbackClients,
  socket: Socket,
  { isNeeded, unknownIs }: PresenceOptions,
): void {
  if (!isNeeded() || socket.destroyed) {
    return
  }
  if (canTellPresence(socket)) {
    let missing = 0
    const forget = clients.watch(socket, (isHeld) => {
      missing = isHeld ? 0 : missing + 1
      if (!isNeeded()) {
        forget()
      } else if (missing >= LOOKS) {
        socket.destroy()
      }
    })
    socket.once('close', forget)
  } else if (unknownIs === 'gone') {
    socket.destroy()
  }
}
