import type { Socket } from 'node:net'

/** The programs behind one connection of a client. */
export interface CallingPrograms {
  /**
   * One entry per process that holds the client's end of the connection, each the absolute path of its executable
   * followed by those of its ancestors. Never empty: who cannot be told is `undefined` instead.
   */
  readonly processes: readonly (readonly string[])[]
}

/** @returns `undefined` where it cannot be told: another machine, another platform, another user, a process that is gone. */
export type IdentifyPrograms = (
  socket: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>,
) => Promise<CallingPrograms | undefined>
