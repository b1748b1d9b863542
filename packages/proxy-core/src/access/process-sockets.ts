import { readdirSync, readlinkSync, statSync } from 'node:fs'

/** A descriptor of a process that is one of the sockets searched for. */
export interface HeldSocket {
  readonly pid: number
  readonly inode: string
  /** The link in /proc that showed it. */
  readonly link: string
}

export interface ProcessSockets {
  /** Of each process and socket one. */
  readonly held: readonly HeldSocket[]
  /** Processes whose descriptors we may not see, or could not for all the new ones that kept appearing. */
  readonly hiddenPids: readonly number[]
}

/** Each of the rounds after the first takes half a millisecond, so that only a storm of new processes outlasts them. */
const MAX_ROUNDS = 8

/**
 * Searches the descriptors of all processes for sockets: all, because a socket that is inherited belongs to several, and
 * one who only looked for the first could be shown a harmless one. Takes about 5 µs per descriptor.
 *
 * Threads of a process share its descriptors unless one of them has called unshare(CLONE_FILES), which no program is known
 * to do that keeps its executable; what it opens then is found nowhere. A process whose main thread has ended is searched by
 * its other threads.
 */
export function findProcessSockets(inodes: ReadonlySet<string>): ProcessSockets {
  const held: HeldSocket[] = []
  const hiddenPids: number[] = []
  const searched = new Set<number>()
  const appeared = () => listNumbers('/proc').filter((pid) => !searched.has(pid))
  let unsearched = appeared()
  for (let round = 0; round < MAX_ROUNDS && unsearched.length > 0; round++) {
    for (const pid of unsearched) {
      searched.add(pid)
      const sockets = mayReadDescriptors(pid) ? readSockets(pid, inodes) : undefined
      if (sockets) {
        held.push(...sockets)
      } else {
        hiddenPids.push(pid)
      }
    }
    unsearched = appeared()
  }
  return { held, hiddenPids: [...hiddenPids, ...unsearched] }
}

/** Whether a descriptor still is the socket it was. */
export function isStillHeld({ link, inode }: HeldSocket): boolean {
  return readSocketLink(link) === inode
}

/** Root asks the kernel. Everybody else is only refused, and a thousand refusals cost more than to ask whose a process is. */
function mayReadDescriptors(pid: number): boolean {
  const uid = process.geteuid?.()
  try {
    return uid === 0 || statSync(`/proc/${pid}`).uid === uid
  } catch {
    return false // Gone.
  }
}

function readSockets(pid: number, inodes: ReadonlySet<string>): readonly HeldSocket[] | undefined {
  const folder = `/proc/${pid}`
  const links = descriptorLinks(`${folder}/fd`)
  if (links?.length !== 0) {
    return links && onePerSocket(pid, links, inodes)
  }
  const ofThreads = listNumbers(`${folder}/task`).flatMap(
    (thread) => descriptorLinks(`${folder}/task/${thread}/fd`) ?? [],
  )
  return onePerSocket(pid, ofThreads, inodes)
}

function onePerSocket(pid: number, links: readonly string[], inodes: ReadonlySet<string>): readonly HeldSocket[] {
  const found = new Map<string, HeldSocket>()
  for (const link of links) {
    const inode = readSocketLink(link)
    if (inode !== undefined && inodes.has(inode)) {
      found.set(inode, { pid, inode, link })
    }
  }
  return [...found.values()]
}

/** @returns `undefined` if they are hidden from us; none, if the process has just exited. */
function descriptorLinks(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder).map((descriptor) => `${folder}/${descriptor}`)
  } catch (error) {
    return isGone(error) ? [] : undefined
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ESRCH'
}

function readSocketLink(link: string): string | undefined {
  try {
    const target = readlinkSync(link)
    return target.startsWith('socket:[') ? target.slice('socket:['.length, -1) : undefined
  } catch {
    return undefined // Closed meanwhile.
  }
}

function listNumbers(folder: string): readonly number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}
