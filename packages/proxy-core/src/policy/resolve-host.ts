import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ProxyError } from '../proxy-error.js'

/** Looks a name up, as every program of this machine does: /etc/hosts, then DNS. @returns addresses, at least one. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

const LIMIT_MS = 10_000

/**
 * @param host - A name, or an address, which is returned as it is.
 * @throws {ProxyError} `ERR_DESTINATION_DNS` (502), after 10 s at most.
 */
export const resolveHost: ResolveHost = async (host) => {
  if (isIP(host)) {
    return [host]
  }
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), LIMIT_MS).unref()
  })
  try {
    const found = await Promise.race([lookup(host, { all: true, verbatim: true }), limit])
    return found.map(({ address }) => address)
  } catch (cause) {
    throw new ProxyError('ERR_DESTINATION_DNS', `${host} cannot be resolved to an address.`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
