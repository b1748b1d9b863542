import { createRequire } from 'node:module'
import { isIP } from 'node:net'

// Required: to import CommonJS, Node parses it a second time for the names of its exports, and every proxy start waits.
const ipaddr = createRequire(import.meta.url)('ipaddr.js') as typeof import('ipaddr.js')

/**
 * Whether a provider is out where only the upstream proxy leads. Loopback and private addresses and `localhost` are not:
 * another machine's loopback is another place, and a NIM next door is not reached by way of the outside. Names are
 * not looked up, because the proxy may know them when we do not.
 *
 * @param host - With or without the brackets of an IPv6 address.
 */
export function leadsOutside(scheme: string, host: string): boolean {
  // Plain http is accepted for loopback and private addresses only, which is checked when it is dialled.
  if (scheme !== 'https:') {
    return false
  }
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
  if (isIP(name) === 0) {
    return name !== 'localhost' && !name.endsWith('.localhost')
  }
  return !['loopback', 'private', 'uniqueLocal'].includes(ipaddr.process(name).range())
}
