/** What is wrong with the URL of an upstream proxy, and what to write instead. Quotes nothing but scheme, host and port. */
export interface UpstreamProxyUrlViolation {
  readonly why: string
  readonly suggestion: string
}

const EXAMPLE = 'http://proxy.corp:3128'

/**
 * The URL of an upstream proxy: http or https, host, port (80 or 443 where left out). A password in it would be shown by
 * `ps`, a path or a query means something else than a proxy.
 */
export function parseUpstreamProxyUrl(text: string): URL | UpstreamProxyUrlViolation {
  const refuse = (why: string, suggestion = `E.g. ${EXAMPLE}`) => ({ why, suggestion })
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) {
    return refuse('is empty, or holds a space, a backslash or a character outside ASCII')
  }
  if (!/^https?:\/\//i.test(text)) {
    const bare = /^[a-z0-9.-]+:\d{1,5}\/?$/i.test(text)
    return bare
      ? refuse('has no scheme', `Type: http://${text}`)
      : refuse('must begin with http:// or https://: other kinds of proxy (SOCKS, PAC files) are not spoken')
  }
  // Before anything is parsed: a password may hold what ends the authority of a URL, and be taken for a path.
  if (text.includes('@')) {
    return refuse(
      'holds user information, which ps shows to everybody on this machine',
      `Type: --upstream-proxy ${withoutUserInformation(text)} --upstream-proxy-credential env:NAME (or file:PATH), holding user:password`,
    )
  }
  if (!URL.canParse(text)) {
    return refuse('cannot be parsed')
  }
  const url = new URL(text)
  if (text.includes('?') || text.includes('#') || url.pathname !== '/') {
    return refuse('holds a path, a query or a fragment', `Type: ${url.origin}`)
  }
  return url.port === '0' ? refuse('holds port 0') : url
}

function withoutUserInformation(text: string): string {
  if (!URL.canParse(text)) return EXAMPLE
  const url = new URL(text)
  // Without one that was parsed, what stands in its place may be a part of the password.
  return url.username === '' && url.password === '' ? EXAMPLE : url.origin
}
