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
      suggestions: ['Name the addresses that it will have, in place of --private: --allowed-ip ADDRESS/32'],
      cause,
    })
  })
  const other = addresses.find((address) => !isOpenable(address))
  if (other !== undefined) {
    throw new UserError('ERR_HOST_NOT_PRIVATE', `${host} has the address ${other}, which is not a private one`, {
      suggestions: isNever(other)
        ? []
        : [`Plain HTTP does not leave the private network; over https: nemoclaw policy allow ${host}:443`],
    })
  }
  return [...new Set(addresses)].map((address) => `${address}/${address.includes(':') ? 128 : 32}`)
}

/** What no policy may open: this machine, its link, metadata services. */
function isNever(address: string): boolean {
  const parsed = parseIpAddress(address)
  return parsed === undefined || !['global', 'private', 'special'].includes(classifyAddress(parsed))
}

/** Carrier-grade NAT and the like are nobody else's either, and may be opened by whoever knows them. */
function isOpenable(address: string): boolean {
  const parsed = parseIpAddress(address)
  const addressClass = parsed && classifyAddress(parsed)
  const isOpen = addressClass === 'private' || addressClass === 'special'
  // IPv4 inside IPv6 has the class of that address, and is no block of its own.
  return isOpen && cidrViolation(`${address}/${address.includes(':') ? 128 : 32}`) === undefined
}
