import { readFileSync } from 'node:fs'

/** Both ends of an accepted connection, as `net.Socket` has them. */
export interface ConnectionEnds {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/** The client's end of a connection. */
export interface ClientSocket {
  /** Of the user who made it. */
  readonly uid: number
  /** What `socket:[inode]` in a process's descriptors says: unique among the living sockets of a machine. */
  readonly inode: string
}

/** @returns `undefined` where the client's end is in another network namespace, and where no process holds it any more. */
export type FindClientSocket = (ends: ConnectionEnds) => ClientSocket | undefined

/** As proc(5) numbers it: its ends may be those of a connection that is over for its client, but not yet for us. */
const SYN_SENT = '02'

/**
 * Finds the client's end of a loopback connection by its own 4-tuple in /proc/net/tcp and tcp6 (proc(5); Linux), each
 * read once, and only if it is needed.
 *
 * @param read - `readTable`, where to be unable to tell must not pass for "nobody".
 * @returns A lookup over the tables as they were at its first use. It answers `undefined` where the platform cannot tell.
 */
export function tcpTables(read: (path: string) => string = readIfPossible): FindClientSocket {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readOnce(path, read))
  return ({ remoteAddress, remotePort, localAddress, localPort }) => {
    if (process.platform !== 'linux' || !remoteAddress || !localAddress) {
      return undefined
    }
    const client = procSpellings(remoteAddress, remotePort)
    const ours = procSpellings(localAddress, localPort)
    const pairs = client.flatMap((local) => ours.map((remote) => `${local} ${remote}`))
    for (const table of tables) {
      for (const pair of pairs) {
        const found = table().get(pair)
        if (found) {
          return found
        }
      }
    }
    return undefined
  }
}

/**
 * @returns Nothing for tcp6 where the kernel has no IPv6.
 * @throws The file system's own error: `EMFILE` where no descriptor is left, `ENOENT` or `EACCES` where /proc is hidden.
 */
export function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (path.endsWith('6') && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return ''
    }
    throw error
  }
}

function readIfPossible(path: string): string {
  try {
    return readTable(path)
  } catch {
    return ''
  }
}

function readOnce(path: string, read: (path: string) => string): () => ReadonlyMap<string, ClientSocket> {
  let sockets: ReadonlyMap<string, ClientSocket> | undefined
  return () => {
    sockets ??= livingSockets(read(path))
    return sockets
  }
}

/** Behind a busy proxy a table has ten thousand lines, most of them of connections long closed: those are passed over. */
function livingSockets(table: string): ReadonlyMap<string, ClientSocket> {
  const sockets = new Map<string, ClientSocket>()
  for (const line of table.split('\n')) {
    // Number, both ends, state, queues, timer, retransmits, uid, timeout, inode.
    const ends = line.indexOf(': ') + 2
    const behind = line.indexOf(' ', line.indexOf(' ', ends) + 1)
    const [, state, , , , uid, , inode] = line.slice(behind).split(/ +/, 8)
    // One in TIME_WAIT, or whose process is gone, has no inode and the uid of root; the same ends may be in use again.
    if (uid !== undefined && inode !== undefined && inode !== '0' && state !== SYN_SENT) {
      sockets.set(line.slice(ends, behind), { uid: Number(uid), inode })
    }
  }
  return sockets
}

/** How the kernel writes an IPv4 address or ::1, the only IPv6 address that is loopback: 32-bit words in the machine's byte order, as IPv4 or mapped into IPv6. */
function procSpellings(address: string, port: number | undefined): readonly string[] {
  const portHex = (port ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const ipv4 = address.replace(/^::ffff:/, '')
  if (ipv4.includes(':')) {
    return ipv4 === '::1' ? [`00000000000000000000000001000000:${portHex}`] : []
  }
  const word = Buffer.from(ipv4.split('.').map(Number).reverse()).toString('hex').toUpperCase()
  return [`${word}:${portHex}`, `0000000000000000FFFF0000${word}:${portHex}`]
}
