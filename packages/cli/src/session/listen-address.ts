import { BlockList, isIP } from 'node:net'
import { usageError } from '../provider/usage-error.js'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Beside 4141, where `mock serve` listens. */
export const DEFAULT_LISTEN = '127.0.0.1:4140'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Reads `--listen`: an IP address and a port, `[...]` around IPv6; port 0 picks a free one.
 *
 * @throws {UserError} `ERR_LISTEN_INVALID` (2).
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]%]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = (bracketed ?? plain)?.replace(/^localhost$/, '127.0.0.1')
  const port = Number(digits)
  if (host === undefined || isIP(host) !== (bracketed === undefined ? 4 : 6) || port > 65_535) {
    throw usageError('ERR_LISTEN_INVALID', `--listen takes an IP address and a port, not '${text.slice(0, 80)}'`, [
      `E.g. --listen ${DEFAULT_LISTEN}, or --listen 127.0.0.1:0 for a free port`,
    ])
  }
  return { host, port }
}

export function isLoopbackAddress(host: string): boolean {
  return LOOPBACK.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Others on the network may only be let in knowingly, and each with a token.
 *
 * @throws {UserError} `ERR_LISTEN_REMOTE` (2).
 */
export function requireConsentForRemote(
  { host }: ListenAddress,
  { allowRemote, clientTokens }: { readonly allowRemote: boolean; readonly clientTokens: number },
): void {
  if (!isLoopbackAddress(host) && (!allowRemote || clientTokens === 0)) {
    throw usageError('ERR_LISTEN_REMOTE', `--listen ${host} lets other machines spend this provider's money`, [
      'Listen on 127.0.0.1, or add --allow-remote and a token for each client: --client-token NAME=FILE',
    ])
  }
}
