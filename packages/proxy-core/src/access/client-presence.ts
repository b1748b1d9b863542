import type { Socket } from 'node:net'
import { isLoopback } from './authenticate-client.js'
import { socketOwnerUid } from './socket-owner.js'

const CHECK_MS = 250

export interface PresenceOptions {
  /** Asked before each look: no more looks once it says false. */
  readonly isNeeded: () => boolean
  /** What to think of a client of another machine, or on a platform that cannot tell. */
  readonly unknownIs: 'present' | 'gone'
}

/**
 * Destroys a connection when no process holds its other end any more, where reading from it would not tell: a client
 * that has closed its side for writing may be waiting for its answer or be gone, and TCP says the same of both.
 */
export function watchPresence(socket: Socket, { isNeeded, unknownIs }: PresenceOptions): void {
  const look = () => {
    const canTell = process.platform === 'linux' && isLoopback(socket.remoteAddress)
    if (!isNeeded()) {
      clearInterval(timer)
    } else if (canTell ? socketOwnerUid(socket) === undefined : unknownIs === 'gone') {
      socket.destroy()
    }
  }
  const timer = setInterval(look, CHECK_MS)
  socket.once('close', () => clearInterval(timer))
  look()
}
