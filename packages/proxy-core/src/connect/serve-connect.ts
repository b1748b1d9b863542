import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { authenticateClient, type ClientAccess } from '../access/authenticate-client.js'
import { type Authority, parseAuthority, sameAuthority } from '../http/authority.js'
import { announcesContent, checkRequestHead } from '../http/request-head.js'
import { authorizeEgress } from '../policy/authorize-egress.js'
import { ProxyError } from '../proxy-error.js'

/** The only place that is intercepted. */
export const INFERENCE_AUTHORITY: Authority = { host: 'inference.local', port: 443 }

export interface ConnectContext {
  readonly access: ClientAccess
  /** Takes the connection over, speaks TLS on it and serves what comes decrypted. */
  readonly intercept: (client: Socket, head: Buffer) => void
}

/**
 * Serves one CONNECT (RFC 9110 §9.3.6): intercepts `inference.local`, refuses the rest.
 *
 * @param head - Bytes the client sent behind the request without waiting for our answer.
 * @throws {ProxyError} 400, 403, 407, 431 or 505; nothing has been written then.
 */
export function serveConnect(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  { access, intercept }: ConnectContext,
): void {
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
  intercept(client, head)
}
