import { cidrViolation, classifyAddress, parseIpAddress, resolveHost } from '@nemoclaw/proxy-core/policy'
import { usageError } from '../provider/usage-error.js'
import { UserError } from '../user-error.js'

/**
 * The private addresses of a host, looked up now, each as a block of its own.
 *
 * @param host - Canonical; no wildcard, which has no address.
 * @throws {UserError} `ERR_POLICY_ARGUMENT` (2) for a wildcard; `ERR_HOST_UNRESOLVED`; `ERR_HOST_NOT_PRIVATE` where one
 *   of its addresses is public, or is none that can be opened.
 */
export async function privateBlocksOf(host: string): Promise<readonly string[]> {
  if (host.startsWith('*.')) {
    throw usageError('ERR_POLICY_ARGUMENT', '--private looks the host up, and a wildcard has no address', [
      'Name the blocks: --allowed-ip 10.0.0.0/24',
    ])
  }
  const addresses = await resolveHost(host).catch((cause: unknown) => {
    throw new UserError('ERR_HOST_UNRESOLVED', `${host} has no address here and now`, {
      suggestions: ['Name its address: --allowed-ip 10.0.0.5/32'],
      cause,
    })
  })
  const other = addresses.find((address) => !isOpenable(address))
  if (other !== undefined) {
    throw new UserError('ERR_HOST_NOT_PRIVATE', `${host} has the address ${other}, which is not a private one`, {
      suggestions: ['A public host needs no --private, and is reached over https: nemoclaw policy allow HOST:443'],
    })
  }
  return [...new Set(addresses)].map((address) => `${address}/${address.includes(':') ? 128 : 32}`)
}

/** Carrier-grade NAT and the like are nobody else's either, and may be opened by whoever knows them. */
function isOpenable(address: string): boolean {
  const parsed = parseIpAddress(address)
  const addressClass = parsed && classifyAddress(parsed)
  const isOpen = addressClass === 'private' || addressClass === 'special'
  // IPv4 inside IPv6 has the class of that address, and is no block of its own.
  return isOpen && cidrViolation(`${address}/${address.includes(':') ? 128 : 32}`) === undefined
}
