import type { Authority } from '../http/authority.js'
import { ProxyError } from '../proxy-error.js'

/**
 * The one gate that every way in passes before anything is looked up or dialled. Until a policy can be given,
 * nothing but `inference.local` is reachable, and that is not a place on the network.
 *
 * @throws {ProxyError} `ERR_DESTINATION_DENIED` (403), always.
 */
export function authorizeEgress({ host, port }: Authority): never {
  const hint =
    host === 'inference.local' ? ' inference.local is served on port 443 only: use https://inference.local/v1.' : ''
  throw new ProxyError('ERR_DESTINATION_DENIED', `Egress to ${host}:${port} is denied: no policy allows it.${hint}`)
}
