import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { type AddressClass, classifyAddress } from '../address/address-class.js'
import { canonicalAddress, embeddedIpv4, parseIpAddress } from '../address/ip-address.js'
import { canonicalHost, parseAuthority } from '../http/authority.js'
import { isNeverHost } from './decide-egress.js'

/** What kind of place a class of addresses is that no policy opens. */
const NEVER_OPENED: Readonly<Partial<Record<AddressClass, string>>> = {
  loopback: 'it is this machine itself (loopback)',
  'link-local': "it is link-local, where clouds' metadata services are",
  unspecified: 'it is no address of anybody (unspecified)',
  multicast: 'it is a multicast address',
  metadata: "it is a cloud's metadata service",
}

/**
 * Why a text is no host of a policy: a canonical name or address, or `*.` and a domain of two labels or more.
 *
 * @returns What to say behind the host, with what to write instead where that is known; `undefined` where it is one.
 */
export function hostPatternViolation(text: string): string | undefined {
  if (text === '') return 'is empty; write a host such as api.example.com'
  if (/[\s\p{C}]/u.test(text)) return 'holds a space or a control character'
  if (/[/@\\?#]/.test(text)) return `is more than a host${hostOfUrl(text)}`
  if (/[^\x00-\x7f]/.test(text)) return nonAsciiViolation(text)
  if (text.includes('*')) return wildcardViolation(text)
  if (text.includes(':') || text.includes('[')) return ipv6Violation(text)
  return nameViolation(text)
}

function wildcardViolation(text: string): string | undefined {
  if (text === '*' || text === '**' || text === '*.*') {
    return 'would allow every host; there is no catch-all: name the hosts, or *.example.com for one label'
  }
  const domain = text.startsWith('*.') ? text.slice(2) : undefined
  if (domain === undefined || domain.includes('*')) {
    return 'has a star in a place where none is accepted; *.example.com stands for exactly one label before example.com'
  }
  const violation = hostPatternViolation(domain)
  if (violation !== undefined) return violation.replace('; write ', '; write *.')
  if (isIP(domain) !== 0) return 'is no pattern for addresses; list a block under allowed_ips'
  if (!domain.includes('.'))
    return 'is too wide; behind *. a domain of at least two labels is needed, as in *.example.com'
  // Below their domains is nothing else that anybody would name.
  if (['metadata', 'instance-data'].some((label) => isNeverHost(`${label}.${domain}`)))
    return "can never be allowed: it covers the name of a cloud's metadata service"
  return undefined
}

function nameViolation(text: string): string | undefined {
  const canonical = canonicalHost(text)
  if (isNeverHost(canonical)) return 'can never be allowed: it is this machine itself, or a metadata service'
  if (canonical === 'inference.local')
    return 'needs no rule: it is served by the proxy itself, at https://inference.local/v1'
  if (!isAuthorityHost(canonical)) return malformedViolation(canonical)
  if (canonical !== text) return `is not in its canonical form; write ${canonical}`
  return isIP(text) ? addressViolation(text) : undefined
}

function malformedViolation(host: string): string {
  const ascii = hostOf(`http://${host}/`)
  if (ascii !== undefined && isIP(ascii)) {
    return `is a spelling that some programs read as ${ascii}; write an address as a dotted quad`
  }
  return 'is not a domain name: labels of letters, digits, "-" and "_", 63 at most each, 253 in all'
}

function ipv6Violation(text: string): string | undefined {
  const named = /^([^:]*|\[[^\]]*\]):\d*(?:-\d*)?$/.exec(text)
  if (named) return `has a port; it goes to "port"${hint(named[1]?.replace(/^\[|\]$/g, ''))}`
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  const address = parseIpAddress(bare)
  if (bare.includes('%') && isIP(bare))
    return 'names an interface; an address with a zone is link-local and never allowed'
  if (address === undefined) return 'is neither a name nor an IPv6 address'
  const embedded = embeddedIpv4(address)
  if (embedded) return `leads to an IPv4 address by way of IPv6${hint(canonicalAddress(embedded))}`
  if (bare !== text) return `has brackets, which belong to URLs${hint(canonicalAddress(address))}`
  if (canonicalAddress(address) !== text) return `is not in its canonical form; write ${canonicalAddress(address)}`
  return addressViolation(text)
}

function addressViolation(text: string): string | undefined {
  const address = parseIpAddress(text)
  const reason = address && NEVER_OPENED[classifyAddress(address)]
  return reason && `can never be allowed: ${reason}`
}

function nonAsciiViolation(text: string): string {
  const ascii = domainToASCII(text)
  const violation = ascii === '' ? 'which is not a domain name' : hostPatternViolation(ascii)
  if (violation !== undefined)
    return `holds characters beyond ASCII${ascii && ` and stands for ${ascii}, which ${violation}`}`
  return `holds characters beyond ASCII, which can look like others; if it is the host that you mean, write ${ascii}`
}

function hostOfUrl(text: string): string {
  return hint(hostOf(text)?.replace(/^\[|\]$/g, ''))
}

/** What to write instead, where that would be accepted. */
function hint(host: string | undefined): string {
  return host && hostPatternViolation(host) === undefined ? `; write ${host}` : ''
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname
  } catch {
    return undefined
  }
}

/** The same rules as for what clients ask for: a host that no client can name allows nothing. */
function isAuthorityHost(host: string): boolean {
  try {
    return parseAuthority(`${host}:443`).host === host
  } catch {
    return false
  }
}
