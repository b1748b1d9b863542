import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'
import type { UpstreamResponse } from '../upstream/send-upstream.js'

const MAX_FIELDS = 256

/**
 * Refuses a response before a byte of it is passed on: one that would lead the credential or the client elsewhere
 * (RFC 9110 §15.4, §15.5.8), and one that two parsers could frame differently (RFC 9112 §6.3).
 *
 * @throws {ProxyError} `ERR_UPSTREAM_REDIRECT`, `ERR_UPSTREAM_PROTOCOL` (502).
 */
export function checkResponse({ status, fields }: UpstreamResponse): void {
  if (status >= 300 && status < 400) {
    throw new ProxyError(
      'ERR_UPSTREAM_REDIRECT',
      `The provider answered with a redirect (${status}), which is never followed. Set its base URL to the final address.`,
    )
  }
  if (status === 407 || status < 200 || status > 599) {
    throw protocolError(`answered with status ${status}, which means nothing here`)
  }
  if (fields.length > MAX_FIELDS) {
    throw protocolError(`sent more than ${MAX_FIELDS} header fields`)
  }
  checkFraming(fields)
}

function checkFraming(fields: FieldList): void {
  const lengths = fieldValues(fields, 'content-length')
  const codings = fieldValues(fields, 'transfer-encoding')
  const isPlain =
    lengths.every((value) => /^\d{1,16}$/.test(value)) && codings.every((value) => /^chunked$/i.test(value))
  if (lengths.length + codings.length > 1 || !isPlain) {
    throw protocolError('framed its response in a way that can be read differently')
  }
}

function protocolError(what: string): ProxyError {
  return new ProxyError('ERR_UPSTREAM_PROTOCOL', `The provider ${what}.`)
}
