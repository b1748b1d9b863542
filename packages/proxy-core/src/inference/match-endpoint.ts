import { decodedOrUndefined, isCanonicalPath } from '../http/canonical-path.js'
import { ProxyError } from '../proxy-error.js'
import { INFERENCE_ENDPOINTS, type InferenceEndpoint } from './inference-endpoint.js'

/** An endpoint and the request target that named it, split and checked. */
export interface MatchedEndpoint {
  readonly endpoint: InferenceEndpoint
  readonly path: string
  /** With its `?`, or empty. Sent on as it came. */
  readonly query: string
}

const VISIBLE_ASCII = /^[\x21-\x7e]*$/
const MAX_ECHO_LENGTH = 128
/** Without `_`, `-` and `x-`, in lower case: how providers and gateways call a credential in a URL. */
const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  ...['key', 'apikey', 'token', 'accesstoken', 'authtoken', 'bearertoken', 'authorization', 'auth', 'bearer'],
  ...[
    'secret',
    'clientsecret',
    'password',
    'passwd',
    'credential',
    'subscriptionkey',
    'googapikey',
    'signature',
    'sig',
  ],
])
const MODEL_PARAMETERS: ReadonlySet<string> = new Set(['model', 'models', 'fallbacks', 'engine', 'deployment'])
const IMPLEMENTED_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

/**
 * Finds the endpoint a request names: byte for byte, method and path.
 *
 * @param target - Origin-form request target, e.g. `/v1/chat/completions?beta=true`.
 * @param upgrades - Protocols that the client would change to (RFC 9110 §7.8), lower case.
 * @throws {ProxyError} `ERR_REQUEST_MALFORMED`, `ERR_PATH_NOT_CANONICAL`, `ERR_CREDENTIAL_IN_QUERY` (400),
 *   `ERR_ENDPOINT_NOT_ALLOWED` (403), `ERR_METHOD_NOT_ALLOWED` (405), `ERR_WEBSOCKET_NOT_SERVED` (426).
 */
export function matchEndpoint(method: string, target: string, upgrades: readonly string[] = []): MatchedEndpoint {
  if (!IMPLEMENTED_METHODS.has(method)) {
    throw new ProxyError('ERR_METHOD_NOT_ALLOWED', `${method} is not served here. ${servedList()}`)
  }
  const { path, query } = splitTarget(target)
  refuseCredentialInQuery(query)
  const onPath = INFERENCE_ENDPOINTS.filter((endpoint) => coversPath(endpoint.path, path))
  if (onPath.length === 0) {
    throw new ProxyError(
      'ERR_ENDPOINT_NOT_ALLOWED',
      `${method} ${path.slice(0, MAX_ECHO_LENGTH)} is not served here. ${servedList()}`,
    )
  }
  const endpoint = onPath.find((candidate) => candidate.method === method)
  if (!endpoint) {
    // docs/agents.md: there are clients that after 426 ask over HTTP at once, and after 405 when they have tried for long.
    if (method === 'GET' && upgrades.includes('websocket')) {
      throw new ProxyError('ERR_WEBSOCKET_NOT_SERVED', `No WebSocket is served here: POST to ${path} instead.`)
    }
    throw new ProxyError(
      'ERR_METHOD_NOT_ALLOWED',
      `${path.slice(0, MAX_ECHO_LENGTH)} takes ${onPath[0]!.method}, not ${method}.`,
    )
  }
  return { endpoint, path, query }
}

function coversPath(pattern: string, path: string): boolean {
  return pattern.endsWith('/') ? path.startsWith(pattern) && path.length > pattern.length : path === pattern
}

function splitTarget(target: string): { path: string; query: string } {
  if (!target.startsWith('/')) {
    throw new ProxyError(
      'ERR_REQUEST_MALFORMED',
      'Malformed request target: expected a path, such as /v1/chat/completions, not a whole URL.',
    )
  }
  if (!VISIBLE_ASCII.test(target) || target.includes('#')) {
    throw new ProxyError(
      'ERR_PATH_NOT_CANONICAL',
      'The request target holds characters that belong percent-encoded, or a fragment.',
    )
  }
  const questionMark = target.indexOf('?')
  const path = questionMark < 0 ? target : target.slice(0, questionMark)
  if (!isCanonicalPath(path)) {
    throw new ProxyError(
      'ERR_PATH_NOT_CANONICAL',
      'The path is ambiguous: dot segments, "//", "\\", ";", encoded separators and broken or double encodings are refused.',
    )
  }
  return { path, query: questionMark < 0 ? '' : target.slice(questionMark) }
}

function refuseCredentialInQuery(query: string): void {
  // Some servers separate parameters by semicolons too.
  for (const parameter of query.slice(1).split(/[&;]/)) {
    const rawName = parameter.split('=', 1)[0]!.replaceAll('+', ' ')
    const decoded = decodedOrUndefined(rawName)
    if (decoded === undefined || /[\0-\x1f\x7f]/.test(decoded)) {
      throw new ProxyError('ERR_PATH_NOT_CANONICAL', 'The query holds a name that does not decode to text.')
    }
    // `key[]=` and `??key=` are the same name to some parsers.
    const name = decoded.normalize('NFKC').toLowerCase().replace(/\[.*$/s, '').replace(/^\?+/, '').trim()
    if (CREDENTIAL_PARAMETERS.has(name.replace(/^x[-_]/, '').replaceAll(/[-_]/g, ''))) {
      throw new ProxyError(
        'ERR_CREDENTIAL_IN_QUERY',
        `The query names "${name}": no credential is needed here, and none is taken from a URL. Leave it out.`,
      )
    }
    if (MODEL_PARAMETERS.has(name)) {
      throw new ProxyError('ERR_MODEL_AMBIGUOUS', `The query names "${name}"; the model belongs in the content.`)
    }
  }
}

function servedList(): string {
  return `Served: ${INFERENCE_ENDPOINTS.map(({ method, path }) => `${method} ${path.endsWith('/') ? `${path}{id}` : path}`).join(', ')}.`
}
