import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { type AddressClass, classifyAddress } from '../address/address-class.js'
import { parseIpAddress } from '../address/ip-address.js'
import { ProxyError } from '../proxy-error.js'

/** Where no provider is, and credentials are handed to whoever asks. */
const NOBODYS: ReadonlySet<AddressClass> = new Set(['link-local', 'unspecified', 'metadata'])

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
  const parsed = parseIpAddress(address)
  const addressClass = parsed && classifyAddress(parsed)
  if (addressClass === undefined || NOBODYS.has(addressClass)) {
    return new ProxyError('ERR_UPSTREAM_CLEARTEXT', `The provider's address ${address} is not one a route may lead to.`)
  }
  if (scheme === 'http:' && addressClass !== 'loopback' && addressClass !== 'private') {
    return new ProxyError(
      'ERR_UPSTREAM_CLEARTEXT',
      `The provider's base URL is plain http and its address ${address} is public; use https.`,
    )
  }
  return undefined
}
