import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ServerCertificates } from './server-certificates.js'
import { isInferenceServerName } from './server-name.js'

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000

/** A plaintext record with the fatal alert `unrecognized_name` (RFC 8446 §5.1 and §6, RFC 6066 §3). */
const UNRECOGNIZED_NAME_ALERT = Buffer.of(21, 3, 3, 0, 2, 2, 112)

/** How a handshake ended. */
export type HandshakeOutcome =
  | { readonly kind: 'secured'; readonly protocol: string; readonly resumed: boolean }
  | { readonly kind: 'failed'; readonly reason: HandshakeFailure; readonly cause?: Error }

/** `protocol_error`: the client's bytes were no acceptable TLS, or it refused our certificate; `cause` says which. */
export type HandshakeFailure = 'server_name_not_served' | 'timeout' | 'connection_closed' | 'protocol_error'

export interface TerminateTlsOptions {
  /** Milliseconds from now until the handshake must be complete. */
  readonly handshakeTimeoutMs?: number
  /** Called once, for the log. */
  readonly onHandshake?: (outcome: HandshakeOutcome) => void
}

/**
 * Becomes `inference.local` towards a client that has sent CONNECT.
 *
 * The handshake goes on after this returns: hand the socket to an HTTP server at once. It is destroyed, and `client`
 * with it, when the handshake fails or takes too long, and on any TLS error after it; it never emits an error that
 * nobody listens to.
 *
 * @param client - The raw connection, with the answer to CONNECT already written. Owned by the returned socket.
 * @param head - Bytes that the client sent behind CONNECT without waiting for the answer.
 */
export function terminateTls(
  client: Socket,
  head: Buffer,
  certificates: ServerCertificates,
  { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS, onHandshake }: TerminateTlsOptions = {},
): TLSSocket {
  const hasGone = client.destroyed || client.readableEnded
  // Bytes pushed back here are read again by the handshake. Dropping them hangs clients that pipeline their
  // ClientHello behind CONNECT to save a round trip.
  if (head.length > 0 && !hasGone) client.unshift(head)

  const socket = new TLSSocket(client, {
    isServer: true,
    secureContext: certificates.secureContext,
    ALPNProtocols: ['http/1.1'],
    // Runs inside OpenSSL, and only for a client that sends a name: one that sends none means who it sent CONNECT for.
    SNICallback: (serverName, proceed) => {
      if (isInferenceServerName(serverName)) return proceed(null)
      refuseServerName()
    },
  })
  socket.disableRenegotiation()

  let outcome: HandshakeOutcome | undefined
  const settle = (settled: HandshakeOutcome) => {
    if (outcome !== undefined) return
    outcome = settled
    if (settled.kind === 'secured') clearTimeout(timer)
    // Later, because what a listener throws must not be thrown into OpenSSL's callback.
    if (onHandshake !== undefined) process.nextTick(onHandshake, settled)
  }
  const fail = (reason: HandshakeFailure, cause?: Error) => {
    settle({ kind: 'failed', reason, ...(cause === undefined ? {} : { cause }) })
    socket.destroy()
    client.destroy()
  }
  // From now on and not from the last byte: a client that sends a byte at a time must not hold a descriptor for ever.
  const timer = setTimeout(() => fail('timeout'), handshakeTimeoutMs)

  const refuseServerName = () => {
    settle({ kind: 'failed', reason: 'server_name_not_served' })
    // Node has no way to send this alert. No ServerHello was sent, so the record is still in the clear and ours to
    // write. Only its end closes the connection: closed at once, a reset may overtake it.
    client.end(UNRECOGNIZED_NAME_ALERT, () => fail('server_name_not_served'))
  }

  socket.once('secure', () => {
    // OpenSSL does not ask SNICallback again when a TLS 1.3 session is resumed under another name.
    const { servername } = socket as { servername?: string | false | null }
    if (servername && !isInferenceServerName(servername)) return fail('server_name_not_served')
    settle({ kind: 'secured', protocol: socket.getProtocol() ?? 'unknown', resumed: socket.isSessionReused() })
  })
  const failWith = (error: Error) => fail(isHangUp(error) ? 'connection_closed' : 'protocol_error', error)
  // Node's name for a TLS error on a socket that no tls.Server owns. It says 'error' only while it destroys the socket,
  // and it does not do that after the handshake: the connection would stay open.
  socket.on('_tlsError', failWith)
  socket.on('error', failWith)
  client.on('error', failWith)
  const leaveUnfinished = () => outcome === undefined && fail('connection_closed')
  socket.once('end', leaveUnfinished)
  socket.once('close', () => {
    clearTimeout(timer)
    leaveUnfinished()
  })
  // Both for a client that ended its side before TLS took over the reading: at once, or behind bytes not read yet.
  if (hasGone) leaveUnfinished()
  else client.once('end', leaveUnfinished)

  return socket
}

function isHangUp(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}
