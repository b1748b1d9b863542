import { type Authority, canonicalHost, parseAuthority } from '../http/authority.js'
import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'

/** Where a plain-HTTP request goes, and what is asked there. */
export interface ForwardTarget extends Authority {
  readonly scheme: 'http' | 'https'
  /** Origin-form (RFC 9112 §3.2.1): path and query. */
  readonly originForm: string
  /** As the client spelled host and port; the port left out where it is the scheme's own. */
  readonly hostField: string
}

const ABSOLUTE_FORM = /^([a-z][a-z0-9+.-]*):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?([/?].*)?$/i
const VISIBLE_ASCII = /^[\x21-\x7e]*$/
const DEFAULT_PORTS = { http: 80, https: 443 } as const

/**
 * Reads the absolute-form target of a request to a proxy (RFC 9112 §3.2.2). What goes upstream is put together from the
 * parts, never passed on as it came.
 *
 * @throws {ProxyError} `ERR_REQUEST_MALFORMED` or `ERR_AUTHORITY_MALFORMED` (400).
 */
export function absoluteFormTarget(target: string): ForwardTarget {
  if (target.startsWith('/')) {
    throw new ProxyError(
      'ERR_REQUEST_MALFORMED',
      'This is a proxy: set HTTPS_PROXY to its address and ask for https://inference.local/v1.',
    )
  }
  const [, scheme, host, port, rest = ''] = ABSOLUTE_FORM.exec(target) ?? []
  const lowerCase = scheme?.toLowerCase()
  if ((lowerCase !== 'http' && lowerCase !== 'https') || host === undefined || !isPlain(rest)) {
    throw malformed('expected an absolute URL, such as http://host/path, without user info and fragment')
  }
  const authority = parseAuthority(`${host}:${port ?? DEFAULT_PORTS[lowerCase]}`)
  return targetOf(lowerCase, authority, rest)
}

/**
 * Reads the origin-form target of a request inside a tunnel whose destination is known.
 *
 * @throws {ProxyError} `ERR_REQUEST_MALFORMED` (400).
 */
export function originFormTarget(target: string, destination: Authority): ForwardTarget {
  if (!target.startsWith('/') || !isPlain(target)) {
    throw malformed('expected a path, such as /index.html: the tunnel says where it goes')
  }
  return targetOf('http', destination, target)
}

function targetOf(scheme: 'http' | 'https', authority: Authority, rest: string): ForwardTarget {
  const { host, port } = authority
  const bracketed = host.includes(':') ? `[${host}]` : host
  return {
    scheme,
    host,
    port,
    originForm: rest.startsWith('/') ? rest : `/${rest}`,
    hostField: port === DEFAULT_PORTS[scheme] ? bracketed : `${bracketed}:${port}`,
  }
}

function isPlain(text: string): boolean {
  return VISIBLE_ASCII.test(text) && !/[\\#]/.test(text)
}

/**
 * Two names for one request are two requests to two parsers (RFC 9112 §3.2): they must agree.
 *
 * @throws {ProxyError} `ERR_REQUEST_MALFORMED` (400) without Host, `ERR_MISDIRECTED` (421) where it names another host.
 */
export function requireSameHost(fields: FieldList, { host, port }: Authority): void {
  const [given] = fieldValues(fields, 'host')
  if (given === undefined) {
    throw malformed('Host is missing')
  }
  const [, name = '', givenPort = String(DEFAULT_PORTS.http)] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(given) ?? []
  const plain = name.startsWith('[') ? canonicalLiteral(`${name}:${givenPort}`) : canonicalHost(name)
  if (plain !== host || Number(givenPort) !== port) {
    throw new ProxyError('ERR_MISDIRECTED', 'Host names another host than the request is for.')
  }
}

function canonicalLiteral(authority: string): string | undefined {
  try {
    return parseAuthority(authority).host
  } catch {
    return undefined
  }
}

function malformed(reason: string): ProxyError {
  return new ProxyError('ERR_REQUEST_MALFORMED', `Malformed request target: ${reason}.`)
}
