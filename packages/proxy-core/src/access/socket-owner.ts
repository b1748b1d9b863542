import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * Which user holds a loopback client's end of a connection, found by its own 4-tuple in /proc/net/tcp (proc(5); Linux).
 *
 * @returns `undefined` where the platform cannot tell, or where no process holds it any more: the kernel reports those as
 *   root's.
 */
export function socketOwnerUid({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  if (process.platform !== 'linux' || !remoteAddress || !localAddress) {
    return undefined
  }
  const client = procSpellings(remoteAddress, remotePort)
  const ours = procSpellings(localAddress, localPort)
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const table = readTable(path)
    for (const ends of client.flatMap((local) => ours.map((remote) => ` ${local} ${remote} `))) {
      const at = table.indexOf(ends)
      if (at >= 0) {
        // Behind the ends: state, queues, timer, retransmits, uid, timeout, inode.
        const [, , , , uid, , inode] = table.slice(at + ends.length, table.indexOf('\n', at)).split(/ +/)
        return inode === '0' ? undefined : Number(uid)
      }
    }
  }
  return undefined
}

/** Searched as text: behind a busy proxy it has ten thousand lines, most of them of connections long closed. */
function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // No IPv6 in this kernel, or /proc is hidden.
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
