import { canonicalHost } from '../http/authority.js'
import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'

/**
 * Checks that a request on the intercepted connection is meant for `inference.local` (RFC 9110 §7.2, §15.5.20).
 *
 * @throws {ProxyError} `ERR_REQUEST_MALFORMED` (400) where Host is missing, repeated or no host;
 *   `ERR_MISDIRECTED` (421) where it names another one.
 */
export function checkHost(fields: FieldList): void {
  const hosts = fieldValues(fields, 'host')
  const match = hosts.length === 1 ? /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i.exec(hosts[0]!) : null
  if (!match) {
    throw new ProxyError('ERR_REQUEST_MALFORMED', 'Exactly one Host field is required: "Host: inference.local".')
  }
  if (canonicalHost(match[1]!) !== 'inference.local' || (match[2] !== undefined && match[2] !== '443')) {
    throw new ProxyError('ERR_MISDIRECTED', `This connection serves inference.local, not ${hosts[0]}.`)
  }
}
