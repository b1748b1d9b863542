import type { IncomingMessage } from 'node:http'
import { authenticateClient, type ClientAccess } from '../access/authenticate-client.js'
import { canonicalHost } from '../http/authority.js'
import { checkRequestHead } from '../http/request-head.js'
import { authorizeEgress } from '../policy/authorize-egress.js'
import { ProxyError } from '../proxy-error.js'

const FORWARDABLE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
const ABSOLUTE_FORM = /^([a-z][a-z0-9+.-]*):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?]|$)/i

/**
 * Serves a request on the proxy's own port that is no CONNECT: a plain-HTTP forward in absolute-form
 * (RFC 9112 §3.2.2).
 *
 * @throws {ProxyError} Always, until a policy can allow a destination: 400, 403, 405, 407, 414, 431 or 505.
 */
export function serveForward(request: IncomingMessage, access: ClientAccess): never {
  const fields = checkRequestHead(request)
  if (!FORWARDABLE_METHODS.has(request.method ?? '')) {
    throw new ProxyError('ERR_METHOD_NOT_ALLOWED', `${request.method} is not served here.`)
  }
  const { scheme, host, port } = parseAbsoluteForm(request.url ?? '')
  authenticateClient(fields, request.socket, access)
  if (scheme === 'https') {
    throw new ProxyError(
      'ERR_SCHEME_IS_HTTPS',
      'An https URL cannot be forwarded in clear text: the client must open a tunnel with CONNECT.',
    )
  }
  if (host === 'inference.local') {
    throw new ProxyError(
      'ERR_DESTINATION_DENIED',
      'inference.local is served over TLS only: use https://inference.local/v1.',
    )
  }
  authorizeEgress({ host, port })
}

function parseAbsoluteForm(target: string): { scheme: 'http' | 'https'; host: string; port: number } {
  const [, scheme, host, port] = ABSOLUTE_FORM.exec(target) ?? []
  if (target.startsWith('/')) {
    throw new ProxyError(
      'ERR_REQUEST_MALFORMED',
      'This is a proxy: set HTTPS_PROXY to its address and ask for https://inference.local/v1.',
    )
  }
  const lowerCase = scheme?.toLowerCase()
  const portNumber = port === undefined ? 80 : Number(port)
  if ((lowerCase !== 'http' && lowerCase !== 'https') || host === undefined || portNumber < 1 || portNumber > 65_535) {
    throw new ProxyError(
      'ERR_REQUEST_MALFORMED',
      'Malformed request target: expected an absolute URL, such as http://host/path, without user info.',
    )
  }
  return { scheme: lowerCase, host: canonicalHost(host), port: portNumber }
}
