import { hostPatternViolation } from '@nemoclaw/proxy-core/policy'
import { usageError } from '../provider/usage-error.js'

/** A host and a port, as typed. */
export interface EndpointArgument {
  /** Canonical; or `*.` and a domain. */
  readonly host: string
  readonly port: number
  /** Whether they were taken from a URL, whose other parts do not count. */
  readonly isFromUrl: boolean
}

const EXAMPLE = 'HOST:PORT, such as api.example.com:443, "*.example.com:443", or [2001:db8::1]:443'

/** `HOST:PORT`, for messages and for a command to paste. */
export function authorityText({ host, port }: Pick<EndpointArgument, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Reads `HOST:PORT`, or a host and a port out of an http(s) URL.
 *
 * @throws {UserError} `ERR_POLICY_ARGUMENT`, exit code 2; also for what no policy may allow.
 */
export function parseEndpointArgument(text: string): EndpointArgument {
  const isFromUrl = /^https?:\/\//i.test(text)
  const { host, port } = isFromUrl ? partsOfUrl(text) : partsOf(text)
  const violation = hostPatternViolation(host)
  if (violation !== undefined) throw refused(`"${host}" ${violation}`)
  return { host, port, isFromUrl }
}

function partsOf(text: string): { readonly host: string; readonly port: number } {
  if (text.includes('://')) throw refused('only http and https URLs are understood', [`Accepted: ${EXAMPLE}`])
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text)
  if (!match && /:.*:/.test(text)) throw refused('an IPv6 address is written in brackets: [ADDRESS]:PORT')
  if (!match) throw refused(`"${text}" has no port; accepted: ${EXAMPLE}`)
  const [, bracketed, name = '', digits = ''] = match
  if (!/^[1-9]\d{0,4}$/.test(digits) || Number(digits) > 65_535) {
    throw refused(`"${digits}" is no port: a whole number from 1 to 65535, one for each HOST:PORT`)
  }
  return { host: bracketed ?? name, port: Number(digits) }
}

/** No text of it is in a message: a URL may hold a password. */
function partsOfUrl(text: string): { readonly host: string; readonly port: number } {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw refused(`the URL cannot be read; accepted: ${EXAMPLE}`)
  }
  const fallback = url.protocol === 'https:' ? 443 : 80
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? fallback : Number(url.port) }
}

function refused(message: string, suggestions: readonly string[] = []): Error {
  return usageError('ERR_POLICY_ARGUMENT', message, suggestions)
}
