import { KEY_PATTERN } from '../config/limits.js'
import { looksLikeReference, parseReference } from '../credential/credential-reference.js'
import { isHeaderCredentialKey } from './header-credential.js'
import { usageError } from './usage-error.js'

/** What one `--credential` asks for. Only the command line makes a reference; a value that looks like one does not. */
export type CredentialArgument =
  | { readonly from: 'environment'; readonly key: string }
  | { readonly from: 'standard_input'; readonly key: string }
  | { readonly from: 'reference'; readonly key: string; readonly reference: string }
  | { readonly from: 'command_line'; readonly key: string; readonly value: string }

/**
 * Reads `KEY`, `KEY=-`, `KEY=env:NAME`, `KEY=file:PATH`, `KEY=exec:COMMAND` or `KEY=VALUE`.
 *
 * @throws {UserError} `ERR_CREDENTIAL_KEY_INVALID`, `ERR_CREDENTIAL_TWICE`, `ERR_CREDENTIAL_INVALID`,
 *   `ERR_REFERENCE_INVALID` (2).
 */
export function parseCredentialArguments(texts: readonly string[]): readonly CredentialArgument[] {
  const seen = new Set<string>()
  return texts.map((text) => {
    const argument = parseOne(text)
    if (seen.has(argument.key)) {
      throw usageError('ERR_CREDENTIAL_TWICE', `--credential ${argument.key} was given twice`)
    }
    seen.add(argument.key)
    if (argument.from === 'standard_input' && texts.filter((other) => other.endsWith('=-')).length > 1) {
      throw usageError('ERR_CREDENTIAL_TWICE', 'standard input can be read for one credential only')
    }
    return argument
  })
}

function parseOne(text: string): CredentialArgument {
  const separator = text.indexOf('=')
  const key = separator < 0 ? text : text.slice(0, separator)
  if (!isKey(key) || isHeaderCredentialKey(key)) {
    throw usageError(
      'ERR_CREDENTIAL_KEY_INVALID',
      "a --credential begins with its key, such as OPENAI_API_KEY: letters, digits, '_', '.' and '-', 256 at most",
      ['--credential KEY', '--credential KEY=-'],
    )
  }
  if (separator < 0) return { from: 'environment', key }
  const value = text.slice(separator + 1)
  if (value === '') {
    throw usageError('ERR_CREDENTIAL_INVALID', `the credential ${key} is empty`, [`--credential ${key}`])
  }
  if (value === '-') return { from: 'standard_input', key }
  if (!looksLikeReference(value)) return { from: 'command_line', key, value }
  parseReference(value)
  return { from: 'reference', key, reference: value }
}

/** A key of credentials and config entries. */
export function isKey(key: string): boolean {
  return KEY_PATTERN.test(key) && key !== '__proto__'
}
