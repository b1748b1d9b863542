import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ProxyError } from '../proxy-error.js'
import { hostsFileAddresses } from './hosts-file.js'

/**
 * Looks a name up: /etc/hosts, then DNS, then whatever else this machine knows names by.
 *
 * @param host - A name, or an address, which is returned as it is.
 * @returns Addresses, at least one.
 * @throws {ProxyError} `ERR_DESTINATION_DNS` (502), after 10 s at most.
 */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/** Finds addresses; throws or finds none where there are none. */
type Find = (host: string) => Promise<readonly string[]>

export interface ResolverSources {
  /** Asked first, many names at once. Finding none, it has a reason to ask on. */
  readonly direct: Find
  /** `getaddrinfo`: one name at a time. */
  readonly system: Find
}

const LIMIT_MS = 10_000
const QUERY_TIMEOUT_MS = 3_000
const QUERY_TRIES = 3
/** There is no such name, or none with an address: another source may know it, a search list for example. */
const NOT_FOUND: ReadonlySet<string | undefined> = new Set(['ENOTFOUND', 'ENODATA'])

/** For one question. */
export const resolveHost: ResolveHost = (host) => createResolver()(host)

/**
 * For a proxy: clients that ask for the same name share the answer.
 *
 * Node has two threads for `getaddrinfo`, for the whole process. A client that asks for names whose servers are silent
 * would hold both, and no provider could be found any more. So DNS is asked directly where that is known to be what the
 * system does (Linux), and `getaddrinfo` for one name at a time.
 */
export function createResolver(
  { direct, system }: ResolverSources = SOURCES[process.platform === 'linux' ? 'linux' : 'other'],
  limitMs: number = LIMIT_MS,
): ResolveHost {
  const underWay = new Map<string, Promise<readonly string[]>>()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn: Find = (host) => {
    const answer = last.then(() => system(host))
    last = answer.catch(() => {})
    return answer
  }
  const find: Find = async (host) => {
    const found = await direct(host)
    return found.length > 0 ? found : inTurn(host)
  }
  const start = (host: string): Promise<readonly string[]> => {
    const answer = find(host)
    underWay.set(host, answer)
    void answer.catch(() => {}).then(() => underWay.delete(host))
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
      const found = await Promise.race([underWay.get(host) ?? start(host), limit])
      if (found.length > 0) return found
      throw new Error('no address')
    } catch (cause) {
      throw new ProxyError('ERR_DESTINATION_DNS', `${host} cannot be resolved to an address.`, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}

const bySystem: Find = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

const SOURCES: Readonly<Record<'linux' | 'other', ResolverSources>> = {
  linux: {
    direct: async (host) => {
      const listed = hostsFileAddresses(host)
      return listed.length > 0 ? listed : queryDns(host)
    },
    system: bySystem,
  },
  // Elsewhere a name may belong to a name server of its own, which only the system knows.
  other: { direct: async () => [], system: bySystem },
}

/**
 * Both families at once; one that fails does not hide the other.
 *
 * @returns None where there is no such name; throws where nobody could say.
 */
async function queryDns(host: string): Promise<readonly string[]> {
  // A new one each time: it reads /etc/resolv.conf, which changes when the machine changes networks.
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES })
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const failure = answers.find((answer) => answer.status === 'rejected' && !NOT_FOUND.has(answer.reason?.code))
  if (found.length === 0 && failure?.status === 'rejected') {
    throw failure.reason
  }
  return found
}
