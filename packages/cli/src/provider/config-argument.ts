import { MAX_VALUE_BYTES } from '../config/limits.js'
import { isKey } from './credential-argument.js'
import { usageError } from './usage-error.js'

// Config values are stored and shown in clear.
const SECRET_KEY = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)$/i

/**
 * Reads `--config K=V` texts.
 *
 * @throws {UserError} `ERR_CONFIG_KEY_INVALID`, `ERR_CONFIG_VALUE_INVALID`, `ERR_CONFIG_SECRET`, `ERR_CONFIG_TWICE` (2).
 */
export function parseConfigArguments(texts: readonly string[]): ReadonlyMap<string, string> {
  const entries = new Map<string, string>()
  for (const text of texts) {
    const separator = text.indexOf('=')
    const key = text.slice(0, Math.max(separator, 0))
    if (!isKey(key)) {
      throw usageError(
        'ERR_CONFIG_KEY_INVALID',
        "a --config is KEY=VALUE, and a key is made of letters, digits, '_', '.' and '-', 256 at most",
        ['--config NVIDIA_BASE_URL=https://nim.example.com/v1'],
      )
    }
    if (SECRET_KEY.test(key)) {
      throw usageError('ERR_CONFIG_SECRET', `--config ${key} looks like a credential, and config is stored in clear`, [
        `Give it by: --credential ${key}`,
      ])
    }
    if (entries.has(key)) throw usageError('ERR_CONFIG_TWICE', `--config ${key} was given twice`)
    entries.set(key, checkValue(key, text.slice(separator + 1)))
  }
  return entries
}

function checkValue(key: string, value: string): string {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(value)) {
    throw usageError('ERR_CONFIG_VALUE_INVALID', `the value of --config ${key} holds a control character`)
  }
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw usageError('ERR_CONFIG_VALUE_INVALID', `the value of --config ${key} is longer than ${MAX_VALUE_BYTES} bytes`)
  }
  return value
}
