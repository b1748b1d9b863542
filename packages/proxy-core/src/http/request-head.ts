import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../proxy-error.js'
import { type FieldList, fieldListFromRawHeaders, fieldValues, listMembers } from './field-list.js'

export const MAX_FIELDS = 128
export const MAX_TARGET_BYTES = 8 * 1024

/**
 * Refuses what Node's parser lets through although two parsers could read it differently (RFC 9112 §6.3,
 * §11.2): each of these forms has been a request-smuggling bug in some proxy.
 *
 * @returns The header fields, checked.
 * @throws {ProxyError} 400, 414, 417, 431 or 505.
 */
export function checkRequestHead(request: IncomingMessage): FieldList {
  if (request.httpVersion === '0.9') {
    throw malformed('the request line names no version')
  }
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    throw new ProxyError('ERR_HTTP_VERSION', `HTTP/${request.httpVersion} is not served; use HTTP/1.1.`)
  }
  if ((request.url ?? '').length > MAX_TARGET_BYTES) {
    throw new ProxyError('ERR_TARGET_TOO_LONG', `The request target is longer than ${MAX_TARGET_BYTES} bytes.`)
  }
  const fields = fieldListFromRawHeaders(request.rawHeaders)
  if (fields.length > MAX_FIELDS) {
    throw new ProxyError('ERR_HEAD_TOO_LARGE', `More than ${MAX_FIELDS} header fields.`)
  }
  if (fieldValues(fields, 'host').length > 1) {
    throw malformed('Host may be given once only')
  }
  checkFraming(request.httpVersion, fields)
  if (request.httpVersion === '1.1') {
    checkExpectation(fields)
  }
  return fields
}

function checkExpectation(fields: FieldList): void {
  if (!listMembers(fieldValues(fields, 'expect')).every((member) => member === '100-continue')) {
    throw new ProxyError('ERR_EXPECTATION_FAILED', 'The only expectation met here is 100-continue.')
  }
}

function checkFraming(httpVersion: string, fields: FieldList): void {
  const lengths = fieldValues(fields, 'content-length')
  const codings = fieldValues(fields, 'transfer-encoding')
  if (lengths.length > 1 || !lengths.every((value) => /^(?:0|[1-9][0-9]{0,15})$/.test(value))) {
    throw malformed('Content-Length must be given once, as a plain decimal number')
  }
  if (codings.length === 0) {
    return
  }
  if (lengths.length > 0) {
    throw malformed('Content-Length and Transfer-Encoding exclude each other')
  }
  if (codings.length > 1 || codings[0] !== 'chunked') {
    throw malformed('the only Transfer-Encoding accepted is a single "chunked"')
  }
  if (httpVersion === '1.0') {
    throw malformed('HTTP/1.0 has no Transfer-Encoding')
  }
}

/** Whether the head announces content (RFC 9112 §6). */
export function announcesContent(fields: FieldList): boolean {
  return (
    fieldValues(fields, 'transfer-encoding').length > 0 ||
    fieldValues(fields, 'content-length').some((value) => value !== '0')
  )
}

function malformed(reason: string): ProxyError {
  return new ProxyError('ERR_REQUEST_MALFORMED', `Malformed request: ${reason}.`)
}
