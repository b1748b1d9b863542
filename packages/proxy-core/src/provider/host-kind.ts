import { METADATA_NAMES } from './metadata-names.js'

/**
 * What a host in a base URL is to us.
 *
 * `forbidden` serves a cloud machine's credentials or is no host of anybody's (link-local, unspecified, multicast);
 * `private` stays on this machine or in its network, so that http is accepted; all else is `public`.
 */
export type HostKind = 'forbidden' | 'private' | 'public'

/** Metadata services outside the link-local range. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', '192.0.0.192'])
const METADATA_ADDRESSES_V6: ReadonlySet<string> = new Set(['fd00:ec2::254', 'fd20:ce::254'])

/**
 * Suffixes that public DNS will never delegate (RFC 6761, 6762, 8375; ICANN's reservation of `internal`). What such a
 * name resolves to is checked again when it is dialled.
 */
const PRIVATE_SUFFIXES = ['.localhost', '.local', '.internal', '.home.arpa'] as const

/** @param hostname - As `URL.hostname` gives it: lower case, IPv4 in dotted decimal, IPv6 compressed in brackets. */
export function hostKind(hostname: string): HostKind {
  const host = hostname.replace(/\.+$/, '').toLowerCase()
  if (host.startsWith('[')) {
    return ipv6Kind(host.slice(1, -1))
  }
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)
  if (octets) {
    return ipv4Kind(octets.slice(1).map(Number))
  }
  if (METADATA_NAMES.has(host)) {
    return 'forbidden'
  }
  // A name of one label is found in /etc/hosts, by a container network or a search list, never in public DNS.
  return !host.includes('.') || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix)) ? 'private' : 'public'
}

function ipv4Kind(octets: readonly number[]): HostKind {
  const [first = 0, second = 0] = octets
  if (first === 0 || first >= 224 || (first === 169 && second === 254) || METADATA_ADDRESSES.has(octets.join('.'))) {
    return 'forbidden'
  }
  const isPrivate =
    first === 127 ||
    first === 10 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168)
  return isPrivate ? 'private' : 'public'
}

function ipv6Kind(address: string): HostKind {
  const groups = ipv6Groups(address)
  const [first = 0] = groups
  const embedded = embeddedIpv4(groups)
  if (embedded) {
    return ipv4Kind(embedded)
  }
  const unspecified = groups.every((group) => group === 0)
  const linkLocal = (first & 0xffc0) === 0xfe80
  const multicast = first >= 0xff00
  if (unspecified || linkLocal || multicast || METADATA_ADDRESSES_V6.has(address)) {
    return 'forbidden'
  }
  const loopback = groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1
  const uniqueLocal = (first & 0xfe00) === 0xfc00
  return loopback || uniqueLocal ? 'private' : 'public'
}

/** The eight groups of a compressed address. */
function ipv6Groups(address: string): readonly number[] {
  const [before = '', after] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
}

/** The IPv4 address inside a mapped, compatible (RFC 4291), translated (RFC 7915), NAT64 (RFC 6052) or 6to4 one (RFC 3056). */
function embeddedIpv4(groups: readonly number[]): readonly number[] | undefined {
  const octets = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255]
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':')
  switch (prefix) {
    case '0:0:0:0:0:ffff':
    case '0:0:0:0:ffff:0':
    case '64:ff9b:0:0:0:0':
      return octets(groups[6], groups[7])
    case '0:0:0:0:0:0':
      // `::` and `::1` are addresses of their own.
      return groups[6] === 0 ? undefined : octets(groups[6], groups[7])
    default:
      return groups[0] === 0x2002 ? octets(groups[1], groups[2]) : undefined
  }
}
