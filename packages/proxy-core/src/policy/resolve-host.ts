import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ProxyError } from '../proxy-error.js'

/**
 * Looks a name up as every program of this machine does: /etc/hosts, then DNS.
 *
 * @param host - A name, or an address, which is returned as it is.
 * @returns Addresses, at least one.
 * @throws {ProxyError} `ERR_DESTINATION_DNS` (502), after 10 s at most.
 */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/** What `dns.lookup` gives, of all addresses in the order they came. */
type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>

const LIMIT_MS = 10_000

/** For one question. */
export const resolveHost: ResolveHost = (host) => createResolver()(host)

/**
 * For a proxy: clients that ask for the same name share a lookup, and one name is looked up at a time. Node keeps two
 * threads for lookups; a client that asks for names whose servers are silent would hold both, and no provider could be
 * found any more.
 */
export function createResolver(
  lookUp: Lookup = (host) => lookup(host, { all: true, verbatim: true }),
  limitMs: number = LIMIT_MS,
): ResolveHost {
  const underWay = new Map<string, Promise<readonly string[]>>()
  let last: Promise<unknown> = Promise.resolve()
  const start = (host: string): Promise<readonly string[]> => {
    const answer = last.then(async () => (await lookUp(host)).map(({ address }) => address))
    last = answer.catch(() => {})
    underWay.set(host, answer)
    void last.then(() => underWay.delete(host))
    return answer
  }
  return async (host) => {
    if (isIP(host)) {
      return [host]
    }
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), limitMs).unref()
    })
    try {
      return await Promise.race([underWay.get(host) ?? start(host), limit])
    } catch (cause) {
      throw new ProxyError('ERR_DESTINATION_DNS', `${host} cannot be resolved to an address.`, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
