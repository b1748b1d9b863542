import { readFileSync } from 'node:fs'
import { type ProcessStat, readProcessStat } from './process-stat.js'

/**
 * Whether a process whose descriptors we may not see could hold a socket of the given holders: then nobody can say that
 * all of them are known.
 *
 * Every login has processes that hide from their own user (ssh-agent, a browser's sandbox, its sshd), and every machine
 * has other users'. Were each of them a doubt, an ordinary user's proxy could tell nobody. A socket comes to a process
 * by inheritance, so there is doubt only about
 * - descendants of a holder, whoever's they are: a setuid program keeps what it is given;
 * - processes of the socket's user in a holder's session: parents and siblings that a shell or an agent started.
 * Passing one on purpose over a Unix socket is not covered, nor can it be: while it is under way no process holds it.
 *
 * @param uid - Of the user who made the socket.
 * @param holderPids - The processes known to hold it.
 * @param hiddenPids - Processes whose descriptors could not be read.
 */
export function mayBeHeldByHidden(uid: number, holderPids: readonly number[], hiddenPids: readonly number[]): boolean {
  const stats = new Map<number, ProcessStat | undefined>()
  const statOf = (pid: number) => {
    if (!stats.has(pid)) {
      stats.set(pid, readProcessStat(pid))
    }
    return stats.get(pid)
  }
  const sessions = holderPids.map((pid) => statOf(pid)?.session)
  const descends = ({ parent }: ProcessStat): boolean => {
    const passed = new Set<number>()
    // What is read while it changes could lead in a circle.
    for (let pid: number | undefined = parent; pid !== undefined && !passed.has(pid); pid = statOf(pid)?.parent) {
      if (holderPids.includes(pid)) {
        return true
      }
      passed.add(pid)
    }
    return false
  }
  return hiddenPids.some((pid) => {
    const stat = statOf(pid)
    return (
      stat !== undefined && !stat.isDead && (descends(stat) || (sessions.includes(stat.session) && isOfUser(pid, uid)))
    )
  })
}

/**
 * Whether /proc shows processes of other users and such as hide (`hidepid`, proc(5)): where it does not, a holder could
 * be overlooked without our noticing.
 */
export function showsAllProcesses(): boolean {
  return readProcessStat(1) !== undefined
}

/** Whether one of a process's user ids (real, effective, saved, of the file system) is the given one. */
function isOfUser(pid: number, uid: number): boolean {
  try {
    const [, uids = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return uids.split(/\s+/).map(Number).includes(uid)
  } catch {
    return true // Gone, or hidden altogether: nothing speaks for it.
  }
}
