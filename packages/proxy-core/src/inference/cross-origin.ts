import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'

/**
 * Refuses what only a web page sends: no page may spend the operator's money (mitmproxy CVE-2018-14505 is the
 * same mistake). `Origin` and `Sec-Fetch-Site` are set by the browser and cannot be forged by a page.
 *
 * @param allowedOrigins - Origins of pages that may call, e.g. `https://chat.example`.
 * @returns The fields by which such a page may read the response (Fetch standard, "CORS protocol"); none for a client that
 *   is no page.
 * @throws {ProxyError} `ERR_ORIGIN_DENIED` (403).
 */
export function crossOriginFields(fields: FieldList, allowedOrigins: readonly string[]): FieldList {
  const [origin, ...more] = fieldValues(fields, 'origin')
  const site = fieldValues(fields, 'sec-fetch-site').find((value) => value !== 'none')
  if (origin === undefined && site === undefined) {
    return []
  }
  if (origin === undefined || more.length > 0 || !allowedOrigins.includes(origin)) {
    throw new ProxyError(
      'ERR_ORIGIN_DENIED',
      'Requests from web pages are refused. If the page is yours, start the proxy with --allow-origin and its origin.',
    )
  }
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Expose-Headers', '*'],
    ['Vary', 'Origin'],
  ]
}

/** What a browser asks before it lets an allowed page send JSON and a credential. */
export function preflightFields(fields: FieldList): FieldList {
  const names = fieldValues(fields, 'access-control-request-headers').join(',')
  return [
    ['Access-Control-Allow-Methods', 'GET, POST'],
    ['Access-Control-Max-Age', '600'],
    ...(/^[a-z0-9, _-]{1,1024}$/i.test(names) ? [['Access-Control-Allow-Headers', names] as const] : []),
  ]
}
