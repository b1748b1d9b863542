import { isHeaderName, isHeaderValue, isReservedHeader } from '../config/header-rules.js'
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
  if (!isHeaderName(name)) {
    throw usageError(
      'ERR_HEADER_INVALID',
      "a --header is 'Name: value', and a name is made of letters, digits and '-'",
      ["--header 'OpenAI-Organization: org-123'"],
    )
  }
  refuseReserved(name)
  const value = text.slice(separator + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  if (!isHeaderValue(value)) {
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
  if (!isReservedHeader(name)) return
  const lower = name.toLowerCase()
  const credential = lower === 'authorization' || lower === 'x-api-key'
  throw usageError(
    'ERR_HEADER_RESERVED',
    `--header '${name}' is refused: the proxy sets that field itself`,
    credential ? ['Give the credential by --credential KEY: it goes into the field that the provider expects.'] : [],
  )
}
