import { readFileSync } from 'node:fs'

/** What is needed of /proc/PID/stat (proc(5)); any user may read it of any process that /proc shows. */
export interface ProcessStat {
  readonly pid: number
  /** Whether it has ended with all its threads and only waits for its parent to hear of it. */
  readonly isDead: boolean
  /** 0 for the first process of a namespace. */
  readonly parent: number
  readonly session: number
  /** Clock ticks after boot. Together with the pid it names a process for good: pids are used again. */
  readonly startTicks: number
}

/** @returns `undefined` if there is no such process, or if /proc hides it. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

export function parseProcessStat(text: string): ProcessStat | undefined {
  // A process names itself as it likes, with spaces, brackets and line breaks, but nothing behind the last bracket is its.
  const named = text.lastIndexOf(')')
  const fields = text.slice(named + 2).split(' ')
  const numbers = [text.slice(0, text.indexOf(' ')), fields[1], fields[3], fields[17], fields[19]].map(Number)
  const [pid, parent, session, threads, startTicks] = numbers
  if (named < 0 || numbers.some(Number.isNaN)) {
    return undefined
  }
  // Of a process whose main thread has ended before the others the state says Z too.
  const isDead = /[ZX]/.test(fields[0]!) && threads! <= 1
  return { pid: pid!, isDead, parent: parent!, session: session!, startTicks: startTicks! }
}
