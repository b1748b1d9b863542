import { isUtf8 } from 'node:buffer'
import { readlinkSync, statSync } from 'node:fs'

/**
 * The absolute path of the program a process runs, if that path leads us to the same file.
 *
 * @returns `undefined` if it cannot be read, if the file is deleted or replaced, or if the process sees another file
 *   under that path than we do.
 */
export function readExecutable(pid: number): string | undefined {
  try {
    const link = readlinkSync(`/proc/${pid}/exe`, 'buffer')
    const path = link.toString()
    // Bytes that are not UTF-8 would all turn into the same replacement character, and so match another file's path.
    // The kernel marks what is deleted by a suffix. Who really gives a program such a name is refused as well.
    if (!isUtf8(link) || !path.startsWith('/') || path.endsWith(' (deleted)')) {
      return undefined
    }
    return sharesOurMounts(pid) || leadsToSameFile(path, pid) ? path : undefined
  } catch {
    return undefined
  }
}

function sharesOurMounts(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')
}

/**
 * A path is one of the process's own mount namespace. Any user can make one in which a file of his is mounted over
 * /usr/bin/git, and a container has a /usr/bin/git of its own.
 */
function leadsToSameFile(path: string, pid: number): boolean {
  const theirs = statSync(`/proc/${pid}/exe`, { bigint: true })
  const ours = statSync(path, { bigint: true })
  return theirs.dev === ours.dev && theirs.ino === ours.ino
}
