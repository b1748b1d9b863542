import { PLACEHOLDER_KEY } from '../agent/sdk-environment.js'
import { MAX_VALUE_BYTES } from '../config/limits.js'

/**
 * What keeps a text from being sent as a credential, or `undefined`.
 *
 * A credential travels in an HTTP field, so it is visible ASCII with spaces only inside (RFC 9110 §5.5: the rest is
 * forbidden, obsolete, or stripped by whoever receives it). Checked when it is stored and again when it is used.
 * Never quotes the value.
 */
export function credentialValueViolation(value: string): string | undefined {
  if (value === '') return 'is empty'
  if (/^\s+$/.test(value)) return 'holds nothing but white space'
  if (value.startsWith('\ufeff')) return 'begins with a byte order mark; save the file without one'
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) return `is longer than ${MAX_VALUE_BYTES} bytes`
  if (/[\r\n]/.test(value)) return 'holds a line break'
  if (value.includes('\0')) return 'holds a NUL character'
  if (/[\u0001-\u001f\u007f-\u009f]/.test(value)) return 'holds a control character'
  if (/[^\u0020-\u007e]/.test(value)) return 'holds a character that is not ASCII, as a copy from a web page may bring'
  if (value === PLACEHOLDER_KEY) {
    return 'is the placeholder that "nemoclaw env" gives to programs; use a shell without that environment'
  }
  if (value !== value.trim()) return 'begins or ends with a space'
  return undefined
}
