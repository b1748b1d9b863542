import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type { IPv4, IPv6 } from 'ipaddr.js'

// Required: to import CommonJS, Node parses it a second time for the names of its exports, and every proxy start waits.
const ipaddr = createRequire(import.meta.url)('ipaddr.js') as typeof import('ipaddr.js')

export type IpAddress = IPv4 | IPv6

/** An address and the number of leading bits that are compared (RFC 4632, RFC 4291 §2.3). */
export type CidrBlock = readonly [address: IpAddress, prefixLength: number]

/** @returns `undefined` for what is no address; `node:net` decides, as ipaddr.js accepts `010.0.0.1` and `0x7f.1`. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return isIP(text) && !text.includes('%') ? ipaddr.parse(text) : undefined
}

/** @throws {Error} Where it is none; policies are checked before. */
export function parseCidrBlock(text: string): CidrBlock {
  return ipaddr.parseCIDR(text)
}

export function isInBlock(address: IpAddress, [network, prefixLength]: CidrBlock): boolean {
  return address.kind() === network.kind() && (address as IPv6).match(network as IPv6, prefixLength)
}

/** @returns One spelling per address: IPv6 compressed (RFC 5952), everything in lower case. */
export function canonicalAddress(address: IpAddress): string {
  return address.toString()
}

/** @returns The IPv4 address that an IPv6 one stands for or leads to; `undefined` where it embeds none. */
export function embeddedIpv4(address: IpAddress): IPv4 | undefined {
  if (address.kind() === 'ipv4') {
    return undefined
  }
  const { parts } = address as IPv6
  const from = (high = 0, low = 0) => new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255])
  const upper = parts.slice(0, 6).join(':')
  if (upper === '0:0:0:0:0:65535' || upper === '0:0:0:0:65535:0') {
    return from(parts[6], parts[7]) // Mapped (RFC 4291 §2.5.5.2), translated (RFC 7915).
  }
  if (upper === '0:0:0:0:0:0' && (parts[6] !== 0 || parts[7]! > 1)) {
    return from(parts[6], parts[7]) // Compatible (RFC 4291 §2.5.5.1); `::` and `::1` are addresses of their own.
  }
  if (parts[0] === 0x64 && parts[1] === 0xff9b && (parts[2] === 0 || parts[2] === 1)) {
    return from(parts[6], parts[7]) // NAT64 (RFC 6052 §2.1; RFC 8215), with the usual /96 prefix.
  }
  if (parts[0] === 0x2002) {
    return from(parts[1], parts[2]) // 6to4 (RFC 3056).
  }
  if (parts[0] === 0x2001 && parts[1] === 0) {
    return from(parts[6]! ^ 0xffff, parts[7]! ^ 0xffff) // Teredo (RFC 4380 §4), written inverted.
  }
  return undefined
}
