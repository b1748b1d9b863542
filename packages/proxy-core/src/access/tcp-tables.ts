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

/**
 * Finds the client's end of a loopback connection by its own 4-tuple in /proc/net/tcp and tcp6 (proc(5); Linux), each
 * read once, and only if it is needed.
 *
 * @returns A lookup over the tables as they were at its first use. It answers `undefined` where the platform cannot tell,
 *   where the client is in another network namespace, and where no process holds its end any more.
 */
export function tcpTables(): (ends: ConnectionEnds) => ClientSocket | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(readOnce)
  return ({ remoteAddress, remotePort, localAddress, localPort }) => {
    if (process.platform !== 'linux' || !remoteAddress || !localAddress) {
      return undefined
    }
    const client = procSpellings(remoteAddress, remotePort)
    const ours = procSpellings(localAddress, localPort)
    const pairs = client.flatMap((local) => ours.map((remote) => ` ${local} ${remote} `))
    for (const table of tables) {
      for (const pair of pairs) {
        const found = livingSocket(table(), pair)
        if (found) {
          return found
        }
      }
    }
    return undefined
  }
}

/** Searched as text: behind a busy proxy it has ten thousand lines, most of them of connections long closed. */
function livingSocket(table: string, pair: string): ClientSocket | undefined {
  for (let at = table.indexOf(pair); at >= 0; at = table.indexOf(pair, at + pair.length)) {
    // Behind the ends: state, queues, timer, retransmits, uid, timeout, inode.
    const [, , , , uid, , inode] = table.slice(at + pair.length, table.indexOf('\n', at)).split(/ +/)
    // One in TIME_WAIT, or whose process is gone, has no inode and the uid of root; the same ends may be in use again.
    if (uid !== undefined && inode !== undefined && inode !== '0') {
      return { uid: Number(uid), inode }
    }
  }
  return undefined
}

function readOnce(path: string): () => string {
  let text: string | undefined
  return () => {
    try {
      text ??= readFileSync(path, 'latin1')
    } catch {
      text = '' // No IPv6 in this kernel, or /proc is hidden.
    }
    return text
  }
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
