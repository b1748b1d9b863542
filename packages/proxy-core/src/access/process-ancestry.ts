import type { ProcessStat } from './process-stat.js'
import type { ProcessView } from './process-view.js'

/** Deeper than programs start each other; what is further away is left out. */
const MAX_ANCESTORS = 64

/**
 * The executables of a process's ancestors, the nearest first, up to the first process of our namespace.
 *
 * One that cannot be read (another user's, as sshd or init), is deleted, or is another file to us, is left out: ancestors
 * only ever allow, so that a missing one allows less, whereas without this an ordinary user's proxy could tell nobody.
 *
 * @returns `undefined` if a process exited meanwhile, so that its pid may have become another's.
 */
export function ancestorExecutables(descendant: ProcessStat, view: ProcessView): readonly string[] | undefined {
  const executables: string[] = []
  let child = descendant
  for (let depth = 0; depth < MAX_ANCESTORS && child.parent > 0; depth++) {
    const parent = view.stat(child.parent)
    const executable = parent && view.executable(parent.pid)
    // As long as it is the child's parent it has not exited: the kernel gives the child another one before the pid is free.
    const childNow = view.stat(child.pid)
    if (childNow?.parent !== child.parent || childNow.startTicks !== child.startTicks) {
      return undefined
    }
    if (!parent) {
      break // /proc hides it.
    }
    if (executable !== undefined) {
      executables.push(executable)
    }
    child = parent
  }
  return executables
}
