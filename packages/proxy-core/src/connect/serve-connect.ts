import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Authority, parseAuthority, sameAuthority } from '../http/authority.js'
import { announcesContent, checkRequestHead } from '../http/request-head.js'
import { authorizeEgress } from '../policy/authorize-egress.js'
import { ProxyError } from '../proxy-error.js'
import { authenticateClient, type ClientAccess } from './authenticate-client.js'

/** The only place that is intercepted. */
export const INFERENCE_AUTHORITY: Authority = { host: 'inference.local', port: 443 }

export interface ConnectContext {
  readonly access: ClientAccess
  /** Takes the connection over and speaks TLS on it. */
  readonly terminate: (client: Socket, head: Buffer) => TLSSocket
  /** Serves HTTP on the decrypted connection. */
  readonly accept: (connection: TLSSocket) => void
}

/**
 * Serves one CONNECT (RFC 9110 §9.3.6): intercepts `inference.local`, refuses the rest.
 *
 * @param head - Bytes the client sent behind the request without waiting for our answer.
 * @returns Where the client asked to go.
 * @throws {ProxyError} 400, 403, 407, 431 or 505; nothing has been written then.
 */
export function serveConnect(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  { access, terminate, accept }: ConnectContext,
): Authority {
  const fields = checkRequestHead(request)
  if (announcesContent(fields)) {
    throw new ProxyError('ERR_REQUEST_MALFORMED', 'CONNECT carries no content.')
  }
  const destination = parseAuthority(request.url ?? '')
  authenticateClient(fields, client, access)

  // Ahead of the policy: inference.local is not a place on the network, and no rule may block it.
  if (!sameAuthority(destination, INFERENCE_AUTHORITY)) {
    authorizeEgress(destination)
  }
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
  accept(terminate(client, head))
  return destination
}
