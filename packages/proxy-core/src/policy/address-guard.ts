import { type AddressClass, classifyAddress } from '../address/address-class.js'
import { type CidrBlock, isInBlock, parseIpAddress } from '../address/ip-address.js'

export type AddressVerdict =
  | { readonly action: 'allow' }
  | {
      readonly action: 'deny'
      /** The first address that may not be dialled. */
      readonly address: string
      /**
       * `never`: no policy opens its range. `not_global`: only an endpoint that lists it does. `not_listed`: the
       * endpoint lists others. `not_private`: in clear text, only private addresses are reached.
       */
      readonly why: 'never' | 'not_global' | 'not_listed' | 'not_private'
      readonly addressClass: AddressClass | undefined
    }

/** Ranges that no policy can open. */
const NEVER: ReadonlySet<AddressClass> = new Set(['loopback', 'link-local', 'unspecified', 'multicast', 'metadata'])

/** Whether an address is in a range that no policy can open; `false` for what is no address. */
export function isNeverAddress(text: string): boolean {
  const parsed = parseIpAddress(text)
  return parsed !== undefined && NEVER.has(classifyAddress(parsed))
}

/**
 * Judges the addresses of a name, or the one that the client wrote. One that fails, fails them all: any of them could
 * be the one that answers.
 *
 * @param allowedIps - Of the endpoint; empty where it lists none, and then only global unicast passes.
 */
export function judgeAddresses(
  addresses: readonly string[],
  allowedIps: readonly CidrBlock[],
  via: 'tunnel' | 'forward',
): AddressVerdict {
  for (const address of addresses) {
    const parsed = parseIpAddress(address)
    const addressClass = parsed && classifyAddress(parsed)
    const deny = (why: 'never' | 'not_global' | 'not_listed' | 'not_private'): AddressVerdict => {
      return { action: 'deny', address, why, addressClass }
    }
    if (parsed === undefined || addressClass === undefined || NEVER.has(addressClass)) {
      return deny('never')
    }
    if (allowedIps.length === 0 && addressClass !== 'global') {
      return deny('not_global')
    }
    if (allowedIps.length > 0 && !allowedIps.some((block) => isInBlock(parsed, block))) {
      return deny('not_listed')
    }
    if (via === 'forward' && addressClass !== 'private') {
      return deny('not_private')
    }
  }
  return { action: 'allow' }
}
