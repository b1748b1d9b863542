import { literalAddressRefusal } from '@nemoclaw/proxy-core/control-plane'
import { METADATA_NAMES } from '@nemoclaw/proxy-core/provider'
import { MAX_VALUE_BYTES } from '../config/limits.js'
import { usageError } from './usage-error.js'

/**
 * A base URL in the form in which it is stored: normalised, without a slash at its end.
 *
 * https may lead anywhere; http only to a loopback or private address, or to a name that the operator gave, whose
 * addresses are checked again whenever it is dialled. No message quotes a URL that holds user information.
 *
 * @param from - Where it was typed or found, for the message, e.g. `--base-url`.
 * @throws {UserError} `ERR_BASE_URL_INVALID` (2).
 */
export function checkBaseUrl(text: string, from?: string): string {
  const refuse = (why: string): never => {
    throw usageError('ERR_BASE_URL_INVALID', `the base URL${from === undefined ? '' : ` in ${from}`} ${why}`, [
      'E.g. https://nim.example.com/v1',
    ])
  }
  if (/[\s\u0000-\u001f\u007f-\u009f\\]/.test(text)) refuse('holds a space, a backslash or a control character')
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES) refuse(`is longer than ${MAX_VALUE_BYTES} bytes`)
  if (!URL.canParse(text)) refuse('is not an absolute URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    refuse('must begin with https:// (or http:// for this machine)')
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) {
    refuse('holds user information: give the credential by --credential KEY')
  }
  if (text.includes('?') || text.includes('#')) refuse('holds a query or a fragment')
  if (url.port === '0') refuse('holds port 0')
  const host = url.hostname.replace(/\.$/, '').toLowerCase()
  if (host === 'inference.local') {
    refuse('is where agents ask and leads back to this proxy; use a shell without the environment of "nemoclaw env"')
  }
  if (METADATA_NAMES.has(host)) refuse(`leads to ${host}, which serves credentials of the cloud machine`)
  const refusal = literalAddressRefusal(url)
  if (refusal) {
    refuse(
      url.protocol === 'http:'
        ? `is http and ${host} is no loopback or private address: the credential would cross the network in clear text; use https`
        : `leads to ${host}, which no route may lead to`,
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
