// RFC 9110 §5.6.2; letters, digits and `-` only where a credential key is made of it, and that is every sane name.
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,126}[A-Za-z0-9])?$/
// RFC 9110 §5.5 without the obsolete part: a control character would end the field and begin another (CWE-113).
const VALUE = /^[\x20-\x7e]*$/
/** Ours to set, or how HTTP is framed and routed: a value here would send another credential, or another request. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['authorization', 'x-api-key', 'cookie', 'cookie2', 'set-cookie', 'host', 'date', 'origin'],
  ...['content-length', 'content-encoding', 'content-type', 'transfer-encoding', 'te', 'trailer'],
  ...['connection', 'keep-alive', 'upgrade', 'http2-settings', 'expect', 'accept-encoding'],
  ...['via', 'forwarded', 'x-http-method-override', 'x-original-url', 'x-rewrite-url'],
])
const RESERVED_PREFIX = /^(?:proxy-|x-forwarded-|x-nemoclaw-|sec-)/

export function isHeaderName(name: string): boolean {
  return NAME.test(name)
}

export function isHeaderValue(value: string): boolean {
  return VALUE.test(value)
}

/** Whether an operator may not set a field. `_` counts as `-`: CGI and WSGI make one name of both. */
export function isReservedHeader(name: string): boolean {
  const folded = name.toLowerCase().replaceAll('_', '-')
  return RESERVED.has(folded) || RESERVED_PREFIX.test(folded)
}
