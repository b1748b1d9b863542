import { MAX_VALUE_BYTES } from '../config/limits.js'
import { looksLikeReference, parseReference } from '../credential/credential-reference.js'
import { isSecretHeaderName } from './header-credential.js'
import { usageError } from './usage-error.js'

/** What one `--header` asks for. */
export type HeaderArgument =
  | { readonly kind: 'value'; readonly name: string; readonly value: string }
  | { readonly kind: 'reference'; readonly name: string; readonly reference: string }
  /** `Name:` with nothing behind it, on an update. */
  | { readonly kind: 'removal'; readonly name: string }

// RFC 9110 §5.6.2; letters, digits and `-` only where a credential key is made of it, and that is every sane name.
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,126}[A-Za-z0-9])?$/
// RFC 9110 §5.5 without the obsolete part: a control character would end the field and begin another (CWE-113).
const VALUE = /^[\x20-\x7e]*$/
/** Ours to set, or how HTTP is framed: a value here would send another credential, or another request. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['authorization', 'x-api-key', 'cookie', 'set-cookie', 'host', 'date'],
  ...['content-length', 'content-encoding', 'content-type', 'transfer-encoding', 'te', 'trailer'],
  ...['connection', 'keep-alive', 'upgrade', 'http2-settings', 'expect', 'accept-encoding'],
  ...['via', 'forwarded'],
])
const RESERVED_PREFIX = /^(?:proxy-|x-forwarded-|x-nemoclaw-|sec-)/

/**
 * Reads `Name: value`. No message quotes the value.
 *
 * @throws {UserError} `ERR_HEADER_INVALID`, `ERR_HEADER_RESERVED`, `ERR_HEADER_SECRET`, `ERR_HEADER_TWICE`,
 *   `ERR_REFERENCE_INVALID` (2).
 */
export function parseHeaderArguments(texts: readonly string[]): readonly HeaderArgument[] {
  const seen = new Set<string>()
  return texts.map((text) => {
    const argument = parseOne(text)
    const name = argument.name.toLowerCase()
    if (seen.has(name)) throw usageError('ERR_HEADER_TWICE', `--header '${argument.name}' was given twice`)
    seen.add(name)
    return argument
  })
}

function parseOne(text: string): HeaderArgument {
  const separator = text.indexOf(':')
  const name = text.slice(0, Math.max(separator, 0))
  if (!NAME.test(name)) {
    throw usageError(
      'ERR_HEADER_INVALID',
      "a --header is 'Name: value', and a name is made of letters, digits and '-'",
      ["--header 'OpenAI-Organization: org-123'"],
    )
  }
  refuseReserved(name)
  const value = text.slice(separator + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  if (!VALUE.test(value)) {
    throw usageError(
      'ERR_HEADER_INVALID',
      `the value of --header '${name}' holds a line break, another control character, or one that is not ASCII`,
    )
  }
  if (value.length > MAX_VALUE_BYTES) {
    throw usageError('ERR_HEADER_INVALID', `the value of --header '${name}' is longer than ${MAX_VALUE_BYTES} bytes`)
  }
  if (value === '') return { kind: 'removal', name }
  if (!isSecretHeaderName(name)) return { kind: 'value', name, value }
  if (looksLikeReference(value)) {
    parseReference(value)
    return { kind: 'reference', name, reference: value }
  }
  throw usageError('ERR_HEADER_SECRET', `--header '${name}' looks like a credential, and headers are stored in clear`, [
    `Refer to it: --header '${name}: env:NAME' (or file:PATH, exec:COMMAND)`,
  ])
}

function refuseReserved(name: string): void {
  const lower = name.toLowerCase()
  if (!RESERVED.has(lower) && !RESERVED_PREFIX.test(lower)) return
  const credential = lower === 'authorization' || lower === 'x-api-key'
  throw usageError(
    'ERR_HEADER_RESERVED',
    `--header '${name}' is refused: the proxy sets that field itself`,
    credential ? ['Give the credential by --credential KEY: it goes into the field that the provider expects.'] : [],
  )
}
