import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import { ProxyError } from '../proxy-error.js'

// Required: to import CommonJS, Node parses it a second time for the names of its exports, and every proxy start waits.
const ipaddr = createRequire(import.meta.url)('ipaddr.js') as typeof import('ipaddr.js')

/** Cloud metadata services outside 169.254.0.0/16: they hand credentials to whoever asks. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'])

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/**
 * `dns.lookup` that checks what it found, so that the checked address is the one dialled.
 *
 * @param scheme - For `http:` every address must be loopback or private: the credential would cross the network in
 *   clear text otherwise. Metadata and link-local addresses are refused for both.
 */
export function guardedLookup(scheme: 'http:' | 'https:') {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, [])
        return
      }
      const refusal = addresses.map(({ address }) => routeAddressRefusal(scheme, address)).find((reason) => reason)
      if (refusal) {
        callback(refusal, [])
      } else if (options.all) {
        callback(null, addresses)
      } else {
        callback(null, addresses[0]!.address, addresses[0]!.family)
      }
    })
  }
}

/** The same check for a host that is an address already: `lookup` is not called for those. */
export function literalAddressRefusal(url: URL): ProxyError | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) ? routeAddressRefusal(url.protocol, host) : undefined
}

function routeAddressRefusal(scheme: string, address: string): ProxyError | undefined {
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (METADATA.has(parsed.toString()) || range === 'linkLocal' || range === 'unspecified') {
    return new ProxyError('ERR_UPSTREAM_CLEARTEXT', `The provider's address ${address} is not one a route may lead to.`)
  }
  if (scheme === 'http:' && range !== 'loopback' && range !== 'private' && range !== 'uniqueLocal') {
    return new ProxyError(
      'ERR_UPSTREAM_CLEARTEXT',
      `The provider's base URL is plain http and its address ${address} is public; use https.`,
    )
  }
  return undefined
}
