import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'
import { UserError } from '../user-error.js'
import { isLoopbackAddress, type ListenAddress } from './listen-address.js'

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Refuses an upstream proxy that is this proxy itself: a request would go round until every port is used up.
 *
 * @param listens - Where this proxy is to listen; port 0 is nobody's yet.
 * @param ownAddresses - The addresses of this machine.
 * @throws {UserError} `ERR_UPSTREAM_PROXY_LOOP`.
 */
export function refuseProxyLoop(
  proxy: UpstreamProxy,
  listens: readonly ListenAddress[],
  ownAddresses: () => readonly string[] = addressesOfThisMachine,
): void {
  const host = proxy.host.toLowerCase().replace(/\.$/, '')
  const meansLoopback =
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    WILDCARDS.has(host) ||
    (isIP(host) > 0 && isLoopbackAddress(host))
  const isHere = ({ host: listen, port }: ListenAddress): boolean => {
    if (port !== proxy.port) return false
    if (WILDCARDS.has(listen)) return meansLoopback || ownAddresses().includes(host)
    return host === listen.toLowerCase() || (meansLoopback && isLoopbackAddress(listen))
  }
  const own = listens.find(isHere)
  if (own) {
    throw new UserError(
      'ERR_UPSTREAM_PROXY_LOOP',
      `the upstream proxy ${proxy.origin} is where this proxy is to listen itself: a loop`,
      { suggestions: ['Name the proxy that leads outside, or listen elsewhere: --listen 127.0.0.1:0'] },
    )
  }
}

function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address))
}
