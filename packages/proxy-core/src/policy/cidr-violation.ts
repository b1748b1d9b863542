import { isIP } from 'node:net'
import { classifyAddress } from '../address/address-class.js'
import {
  type CidrBlock,
  canonicalAddress,
  embeddedIpv4,
  isInBlock,
  parseCidrBlock,
  parseIpAddress,
} from '../address/ip-address.js'

/** Blocks that no policy opens: one that shares an address with them is refused. */
const NEVER_BLOCKS: readonly (readonly [block: CidrBlock, what: string])[] = (
  [
    ['127.0.0.0/8', 'loopback'],
    ['0.0.0.0/8', 'unspecified addresses'],
    ['169.254.0.0/16', "link-local addresses and clouds' metadata services"],
    ['224.0.0.0/4', 'multicast'],
    ['255.255.255.255/32', 'broadcast'],
    ['::ffff:0:0/96', 'IPv4-mapped addresses'],
    ['::ffff:0:0:0/96', 'addresses translated from IPv4'],
    ['::/96', 'loopback and IPv4-compatible addresses'],
    ['64:ff9b::/96', 'NAT64'],
    ['64:ff9b:1::/48', 'NAT64'],
    ['2002::/16', '6to4'],
    ['2001::/32', 'Teredo'],
    ['fe80::/10', 'link-local addresses'],
    ['fec0::/10', 'site-local addresses'],
    ['ff00::/8', 'multicast'],
  ] as const
).map(([text, what]) => [parseCidrBlock(text), what])

/** Metadata services outside the blocks above. Within somebody's own network the address guard refuses them alone. */
const METADATA = ['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'].map(
  (text) => parseIpAddress(text)!,
)

const OWN_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].map(parseCidrBlock)

/**
 * Why a text is no block of addresses that a policy may list: `10.0.0.0/8`, `fd12:3456::/32`, in canonical form.
 *
 * @returns What to say behind the text, with what to write instead where that is known; `undefined` where it is one.
 */
export function cidrViolation(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  if (rest.length > 0 || !isIP(address) || address.includes('%')) {
    return 'is not a block of addresses; accepted: 10.0.0.0/8 or fd00::/8, no names, ranges or other spellings'
  }
  const bits = isIP(address) === 4 ? 32 : 128
  if (prefix === undefined) return `has no prefix length; for this one address write ${address}/${bits}`
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits)
    return `has a prefix length that is not 0 to ${bits}`
  return blockViolation(text, parseIpAddress(address)!, Number(prefix))
}

function blockViolation(text: string, address: CidrBlock[0], prefixLength: number): string | undefined {
  const embedded = embeddedIpv4(address)
  if (embedded && prefixLength >= 96 && address.range() === 'ipv4Mapped') {
    const block = networkOf([embedded, prefixLength - 96])
    return `covers IPv4 addresses by way of IPv6${cidrViolation(block) === undefined ? `; write ${block}` : ''}`
  }
  const network = networkOf([address, prefixLength])
  if (prefixLength === 0)
    return 'would open every address, loopback and metadata services included; list the blocks that are meant'
  const block = parseCidrBlock(network)
  const never = NEVER_BLOCKS.find(([other]) => overlaps(block, other))
  if (never) return `can never be allowed: it covers ${never[1]}`
  const metadata = METADATA.find((each) => isInBlock(each, block))
  if (metadata && !isWithinOwnNetwork(block)) {
    return `can never be allowed: it covers ${canonicalAddress(metadata)}, a cloud's metadata service`
  }
  return network === text ? undefined : `is not in its canonical form; write ${network}`
}

/** A single address is what was meant, and not what merely lies within. */
function isWithinOwnNetwork(block: CidrBlock): boolean {
  const isSingle = classifyAddress(block[0]) === 'metadata' && block[1] >= (block[0].kind() === 'ipv4' ? 32 : 128)
  return !isSingle && OWN_NETWORKS.some((own) => isInBlock(block[0], own) && own[1] <= block[1])
}

function overlaps(one: CidrBlock, other: CidrBlock): boolean {
  const prefixLength = Math.min(one[1], other[1])
  return isInBlock(one[0], [other[0], prefixLength])
}

/** The block with every bit behind its prefix zero. */
function networkOf([address, prefixLength]: CidrBlock): string {
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff << Math.max(0, Math.min(8, 8 * (index + 1) - prefixLength))))
  const groups = bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes)
  return `${canonicalAddress(parseIpAddress(groups)!)}/${prefixLength}`
}

function ipv6Text(bytes: readonly number[]): string {
  return Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16)).join(
    ':',
  )
}
