import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'

/**
 * Refuses what only a web page sends: no page may spend the operator's money (mitmproxy CVE-2018-14505 is the
 * same mistake). `Origin` and `Sec-Fetch-Site` are set by the browser and cannot be forged by a page.
 *
 * @throws {ProxyError} `ERR_ORIGIN_DENIED` (403).
 */
export function refuseBrowser(fields: FieldList, allowedOrigins: readonly string[]): void {
  const origins = fieldValues(fields, 'origin')
  const site = fieldValues(fields, 'sec-fetch-site').find((value) => value !== 'none')
  const allowed = origins.length === 1 && allowedOrigins.includes(origins[0]!)
  if ((origins.length > 0 || site !== undefined) && !allowed) {
    throw new ProxyError(
      'ERR_ORIGIN_DENIED',
      'Requests from web pages are refused. If the page is yours, start the proxy with --allow-origin and its origin.',
    )
  }
}
