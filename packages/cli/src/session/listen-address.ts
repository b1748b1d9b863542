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

/** The listeners of a session: one for everybody, and one for each client that is known by it. */
export interface ListenAddresses {
  readonly main: ListenAddress
  readonly clients: readonly (ListenAddress & { readonly client: string })[]
}

/**
 * Reads every `--listen`: `ADDRESS:PORT` at most once, `NAME=ADDRESS:PORT` for programs that send no token. Those are
 * known by the port they use, which another machine could use too, so they are on loopback.
 *
 * @throws {UserError} `ERR_LISTEN_INVALID` (2).
 */
export function parseListenAddresses(texts: readonly string[]): ListenAddresses {
  const named = texts.flatMap((text) => {
    const [, client, address] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    return client === undefined || address === undefined ? [] : [{ client, ...parseListenAddress(address) }]
  })
  const plain = texts.filter((text) => !text.includes('='))
  if (plain.length > 1)
    throw invalidListen('--listen ADDRESS:PORT may be given once; for one client: NAME=ADDRESS:PORT')
  const names = named.map(({ client }) => client)
  const wrong = names.find((name) => !/^[a-z0-9-]{1,63}$/.test(name))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw invalidListen(`--listen ${twice}=... is given twice`)
  if (wrong !== undefined) {
    throw invalidListen(`'${wrong.slice(0, 80)}' is no name for a client: 1 to 63 of a-z, 0-9 and "-"`)
  }
  const remote = named.find(({ host }) => !isLoopbackAddress(host))
  if (remote) {
    throw invalidListen(`--listen ${remote.client}=... needs a loopback address; for other machines: --client-token`)
  }
  return { main: parseListenAddress(plain[0] ?? DEFAULT_LISTEN), clients: named }
}

function invalidListen(message: string): Error {
  return usageError('ERR_LISTEN_INVALID', message, [`E.g. --listen ${DEFAULT_LISTEN} --listen ci=127.0.0.1:4142`])
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
