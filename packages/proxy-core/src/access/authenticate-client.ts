import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, type Socket } from 'node:net'
import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'
import type { LoopbackClients } from './loopback-clients.js'

/** What a client proves itself with. */
export interface ClientToken {
  /** What events call it; absent for the token of the proxy's own user. */
  readonly client?: string
  readonly token: string
}

/** Who may use the listener. */
export interface ClientAccess {
  /** Accepted in `Proxy-Authorization`, as the password of Basic or as Bearer. */
  readonly tokens: readonly ClientToken[]
  /** Whether a loopback client of the proxy's own user needs no token (Linux). */
  readonly trustOwnUser: boolean
}

/** What the answer is found with. */
export interface AccessContext extends ClientAccess {
  readonly clients: LoopbackClients
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Admits a client that proves it belongs here: another user of this machine can reach a loopback port too.
 *
 * Where its user has to be looked up, it may have to wait: somebody else's requests are looked up too.
 *
 * @returns The name that goes with its token, if it gave one that has a name.
 * @throws {ProxyError} `ERR_PROXY_AUTHENTICATION_REQUIRED` (407), or 503 where no descriptor is left to find out.
 */
export async function authenticateClient(
  fields: FieldList,
  socket: Socket,
  access: AccessContext,
): Promise<string | undefined> {
  const offered = fieldValues(fields, 'proxy-authorization')
  const known = offered.length === 1 ? knownToken(tokenOf(offered[0]!), access.tokens) : undefined
  if (known) {
    return known.client
  }
  if (access.trustOwnUser && isLoopback(socket.remoteAddress) && (await isOwnUser(socket, access.clients))) {
    return undefined
  }
  throw new ProxyError(
    'ERR_PROXY_AUTHENTICATION_REQUIRED',
    'This proxy serves its own user, or a client with the token that "nemoclaw env" puts into HTTPS_PROXY.',
  )
}

async function isOwnUser(socket: Socket, clients: LoopbackClients): Promise<boolean> {
  try {
    const client = await clients.find(socket)
    return client !== undefined && client.uid === process.getuid?.() && isConnected(socket)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EMFILE' || code === 'ENFILE') {
      throw new ProxyError(
        'ERR_TOO_MANY_TUNNELS',
        'Whose request this is cannot be told: the proxy has no descriptors left (ulimit -n).',
        { cause: error },
      )
    }
    return false // /proc is hidden.
  }
}

/**
 * Whether a connection has not been reset, though nobody may have read that yet. As long as it has not, nobody else's
 * can have the same ends; afterwards that of another user may, and the table would tell of that one.
 */
function isConnected(socket: Socket): boolean {
  const handle: unknown = Reflect.get(socket, '_handle') // Not documented; `remoteAddress` is remembered, not asked.
  if (typeof handle !== 'object' || handle === null || socket.destroyed) {
    return false
  }
  const ask: unknown = Reflect.get(handle, 'getpeername')
  return typeof ask !== 'function' || ask.call(handle, {}) === 0
}

/** Whether an address is this machine's own: 127.0.0.0/8 or ::1, mapped into IPv6 or not. */
export function isLoopback(address: string | undefined): boolean {
  const ipv4 = address?.replace(/^::ffff:/, '')
  return ipv4 !== undefined && LOOPBACK.check(ipv4, ipv4.includes(':') ? 'ipv6' : 'ipv4')
}

function tokenOf(credentials: string): string {
  const [, scheme, value] = /^(basic|bearer) +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(credentials) ?? []
  if (scheme?.toLowerCase() !== 'basic') {
    return value ?? ''
  }
  // RFC 7617 §2: user, colon, password.
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(value!, 'base64').toString('latin1')) ?? []
  return password
}

/** Compares digests, and all of them, so that the time taken tells nothing about a token. */
function knownToken(offered: string, tokens: readonly ClientToken[]): ClientToken | undefined {
  const digest = sha256(offered)
  const matching = tokens.filter(({ token }) => timingSafeEqual(digest, sha256(token)))
  return offered === '' ? undefined : matching[0]
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
