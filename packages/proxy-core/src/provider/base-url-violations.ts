import { hostKind } from './host-kind.js'

const MAX_URL_LENGTH = 2_048
const ACCEPTED = 'an absolute https URL is accepted, e.g. https://api.example.com/v1'

/**
 * Why a text cannot be a provider's base URL: the credential goes where it leads.
 *
 * Accepted are https to any host that does not serve a cloud's credentials, and http to loopback, to private addresses
 * (RFC 1918, unique local) and to names that public DNS does not know. No sentence quotes the URL: it may hold a password.
 *
 * @param field - Name of the field, for the sentence.
 */
export function baseUrlViolations(field: string, text: string): readonly string[] {
  if (text.length > MAX_URL_LENGTH || !/^https?:\/\/[^/]/i.test(text)) {
    return [`${field} is not an absolute URL of at most ${MAX_URL_LENGTH} characters; ${ACCEPTED}`]
  }
  // The URL parser drops tabs and line ends and turns a backslash into a slash; what is read here must be what is meant.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) {
    return [`${field} holds a space, a backslash or a character outside ASCII; ${ACCEPTED}`]
  }
  if (!URL.canParse(text)) {
    return [`${field} cannot be parsed; ${ACCEPTED}`]
  }
  const url = new URL(text)
  return [...partViolations(field, text, url), ...hostViolations(field, url)]
}

function partViolations(field: string, text: string, url: URL): readonly string[] {
  const violations: string[] = []
  const refuse = (what: string) =>
    violations.push(`${field} holds ${what}; only scheme, host, port and path are accepted`)
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1] ?? ''
  if (authority.includes('@')) refuse('user information')
  if (text.includes('?')) refuse('a query')
  if (text.includes('#')) refuse('a fragment')
  if (text.includes('*')) refuse('a wildcard')
  if (url.port === '0') refuse('port 0')
  const path = text.slice(text.indexOf('//') + 2 + authority.length).replace(/[?#].*$/, '')
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  // What is joined to the path must not be able to leave it, and no server may read it in another way than we do.
  const plain = segments.every((segment) => /^[\w~:@.-]+$/.test(segment) && !/^\.\.?$/.test(segment))
  if (path !== '' && path !== '/' && !plain) {
    violations.push(
      `${field} has a path with empty, dot or encoded segments; plain segments are accepted, e.g. /api/v1`,
    )
  }
  return violations
}

function hostViolations(field: string, url: URL): readonly string[] {
  const kind = hostKind(url.hostname)
  if (kind === 'forbidden') {
    return [`${field} leads to a metadata, link-local or unusable address; the host of a provider is accepted`]
  }
  if (kind === 'public' && url.protocol === 'http:') {
    return [`${field} is http to a public host; https is accepted, and http to loopback and private hosts`]
  }
  return []
}
