import { readExecutable } from './process-executable.js'
import { type HeldSocket, isStillHeld } from './process-sockets.js'
import { type ProcessStat, readProcessStat } from './process-stat.js'

/** What can be asked about a process. Every answer is of its own moment: processes end and run other programs in between. */
export interface ProcessView {
  readonly stat: (pid: number) => ProcessStat | undefined
  readonly executable: (pid: number) => string | undefined
  readonly holds: (socket: HeldSocket) => boolean
}

/** From /proc. */
export const PROC_VIEW: ProcessView = { stat: readProcessStat, executable: readExecutable, holds: isStillHeld }
