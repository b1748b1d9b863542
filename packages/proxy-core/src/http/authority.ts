import { isIP } from 'node:net'
import { canonicalAddress, parseIpAddress } from '../address/ip-address.js'
import { ProxyError } from '../proxy-error.js'

/**
 * Host and port of a request target (RFC 9110 §4.3). `host` is canonical: lower case, no trailing dot, no brackets, IPv6
 * compressed.
 */
export interface Authority {
  readonly host: string
  readonly port: number
}

const MAX_NAME_LENGTH = 253 // RFC 1035 §2.3.4, without the trailing dot
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
// `getaddrinfo` reads 127.1, 0x7f000001, 0177.0.0.1 and 2130706433 as addresses. A name whose last label is
// numeric is therefore never a name (WHATWG URL, "ends in a number"), and only the dotted-quad form is accepted.
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/

/**
 * Reads the authority-form target of CONNECT (RFC 9112 §3.2.3): `host:port`, nothing decoded or guessed.
 *
 * @throws {ProxyError} `ERR_AUTHORITY_MALFORMED` (400).
 */
export function parseAuthority(target: string): Authority {
  const match = /^(?:\[([^\]]*)\]|([^[\]:]*)):([0-9]+)$/.exec(target)
  if (!match) {
    throw malformed('expected host:port, such as api.example.com:443 or [2001:db8::1]:443')
  }
  const [, bracketed, name, port] = match
  return {
    host: bracketed === undefined ? canonicalName(name ?? '') : canonicalIpv6(bracketed),
    port: parsePort(port ?? ''),
  }
}

export function sameAuthority(a: Authority, b: Authority): boolean {
  return a.host === b.host && a.port === b.port
}

/** @returns The host as compared everywhere: lower case, one trailing dot removed. */
export function canonicalHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function canonicalName(name: string): string {
  const host = canonicalHost(name)
  if (isIP(host) === 4) {
    return host
  }
  if (ENDS_IN_NUMBER.test(host)) {
    throw malformed('a numeric host is accepted only as a dotted quad, such as 192.0.2.1')
  }
  if (host.length > MAX_NAME_LENGTH || !host.split('.').every((label) => LABEL.test(label))) {
    throw malformed('the host is not a domain name in ASCII (A-label) form')
  }
  return host
}

function canonicalIpv6(literal: string): string {
  // A zone (fe80::1%eth0) names an interface of ours, which a client has no business with: it is no address here.
  const address = parseIpAddress(literal)
  if (address?.kind() !== 'ipv6') {
    throw malformed('the brackets do not hold an IPv6 address')
  }
  return canonicalAddress(address)
}

function parsePort(digits: string): number {
  const port = Number(digits)
  if (digits.startsWith('0') || port > 65_535) {
    throw malformed('the port must be 1 to 65535, without leading zeros')
  }
  return port
}

function malformed(reason: string): ProxyError {
  return new ProxyError('ERR_AUTHORITY_MALFORMED', `Malformed CONNECT target: ${reason}.`)
}
