import { connect, type OnReadOpts, type Socket } from 'node:net'
import type { Authority } from '../http/authority.js'
import { ProxyError, type ProxyErrorCode } from '../proxy-error.js'

export interface DialOptions {
  /** Checked, at least one; nothing else is dialled. */
  readonly addresses: readonly string[]
  /** Milliseconds for the TCP handshake. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** With it, the socket is paused once it is connected: what takes the bytes may not be there yet. */
  readonly onread?: OnReadOpts
}

/** Between two addresses of a name (RFC 8305 §5 proposes 250 ms, in which a slow link answers nobody). */
const NEXT_ADDRESS_MS = 1_000

/**
 * Opens a TCP connection to a destination the client chose, by addresses that the gate has checked.
 *
 * @returns A connected socket. The caller owns it and must destroy it.
 * @throws {ProxyError} `ERR_DESTINATION_REFUSED`, `ERR_DESTINATION_UNREACHABLE` (502), `ERR_TOO_MANY_TUNNELS` (503),
 *   `ERR_DESTINATION_TIMEOUT` (504).
 */
export async function dial({ host, port }: Authority, options: DialOptions): Promise<Socket> {
  const { addresses, timeoutMs, signal, onread } = options
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const socket = connect({
    port,
    // A name, so that Node asks `lookup` and takes one address after the other; an address of its own is taken as it is.
    host: found.length === 1 ? found[0]!.address : host,
    lookup: (_name, _options, callback) => (callback as unknown as (e: null, a: typeof found) => void)(null, found),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    allowHalfOpen: true,
    noDelay: true,
    ...(onread && { onread }),
  })
  const limit = AbortSignal.timeout(timeoutMs)
  return new Promise((resolve, reject) => {
    const fail = (code: ProxyErrorCode, what: string, cause?: unknown) => {
      cleanUp()
      socket.on('error', () => {}).destroy()
      reject(new ProxyError(code, `${host}:${port} ${what}.`, { cause }))
    }
    const onError = (error: NodeJS.ErrnoException) => fail(...connectFailure(error), error)
    const onLimit = () => fail('ERR_DESTINATION_TIMEOUT', `did not answer within ${timeoutMs / 1000} s`)
    const onCut = () => fail('ERR_DESTINATION_CLOSED', 'is not wanted any more')
    const cleanUp = () => {
      socket.off('error', onError)
      limit.removeEventListener('abort', onLimit)
      signal.removeEventListener('abort', onCut)
    }
    socket.once('error', onError).once('connect', () => {
      cleanUp()
      if (onread) socket.pause()
      // Until its owner listens: an error that nobody hears ends the process.
      resolve(socket.on('error', () => {}))
    })
    limit.addEventListener('abort', onLimit)
    signal.addEventListener('abort', onCut)
    if (signal.aborted) {
      onCut()
    }
  })
}

function connectFailure({ code }: NodeJS.ErrnoException): [code: ProxyErrorCode, what: string] {
  switch (code) {
    case 'ECONNREFUSED':
      return ['ERR_DESTINATION_REFUSED', 'refused the connection']
    case 'EMFILE':
    case 'ENFILE':
      return ['ERR_TOO_MANY_TUNNELS', 'cannot be dialled: the proxy has no descriptors left (ulimit -n)']
    case 'ETIMEDOUT':
      return ['ERR_DESTINATION_TIMEOUT', 'did not answer']
    default:
      return ['ERR_DESTINATION_UNREACHABLE', `cannot be reached${code === undefined ? '' : ` (${code})`}`]
  }
}
