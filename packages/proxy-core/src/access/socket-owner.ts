import { type ConnectionEnds, tcpTables } from './tcp-tables.js'

/**
 * Which user holds a loopback client's end of a connection, found by its own 4-tuple in /proc/net/tcp (proc(5); Linux).
 *
 * @returns `undefined` where the platform cannot tell, or where no process holds it any more.
 */
export function socketOwnerUid(ends: ConnectionEnds): number | undefined {
  return tcpTables()(ends)?.uid
}
