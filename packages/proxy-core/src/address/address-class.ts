import type { IPv6 } from 'ipaddr.js'
import { canonicalAddress, embeddedIpv4, type IpAddress, parseIpAddress } from './ip-address.js'

/**
 * What an address is to a client that was let out (IANA special-purpose registries, RFC 6890).
 *
 * `global` is reachable from everywhere; `private` belongs to somebody's own network (RFC 1918, RFC 4193); `special`
 * is any other range that is not global unicast (carrier-grade NAT, documentation, benchmarking, ...). The rest may
 * never be reached, whatever a policy says: this machine, its link, nobody, many, and what hands credentials to
 * whoever asks.
 */
export type AddressClass =
  | 'global'
  | 'private'
  | 'special'
  | 'loopback'
  | 'link-local'
  | 'unspecified'
  | 'multicast'
  | 'metadata'

/** Metadata services of clouds outside 169.254.0.0/16. */
const METADATA: ReadonlySet<string> = new Set([
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::23', // Credentials of a pod (EKS).
  'fd00:ec2::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
  'fd20:ce::254',
])

export function classifyAddress(address: IpAddress): AddressClass {
  const embedded = embeddedIpv4(address)
  if (embedded) {
    const inner = classifyAddress(embedded)
    // A public host by way of a translator is still no address that a resolver should have given.
    return inner === 'global' ? 'special' : inner
  }
  if (METADATA.has(canonicalAddress(address))) {
    return 'metadata'
  }
  switch (address.range() as string) {
    case 'unicast':
      return isGlobalUnicast(address) ? 'global' : 'special'
    case 'private':
    case 'uniqueLocal':
      return 'private'
    case 'loopback':
      return 'loopback'
    case 'linkLocal':
    case 'deprecatedSiteLocal':
      return 'link-local'
    case 'unspecified':
      return 'unspecified'
    case 'multicast':
    case 'broadcast':
      return 'multicast'
    default:
      return 'special'
  }
}

/** Of IPv6 only 2000::/3 has been given out (RFC 4291 §2.4, IANA). */
function isGlobalUnicast(address: IpAddress): boolean {
  return address.kind() === 'ipv4' || ((address as IPv6).parts[0]! & 0xe000) === 0x2000
}

/** Whether a text is an address that is not global: of the network that this machine is in, or closed. */
export function isNonGlobalAddress(text: string): boolean {
  const parsed = parseIpAddress(text)
  return parsed !== undefined && classifyAddress(parsed) !== 'global'
}
