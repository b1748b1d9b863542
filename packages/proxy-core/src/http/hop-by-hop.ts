import { type FieldList, fieldValues, listMembers } from './field-list.js'

/** Fields that describe one connection and are never passed on (RFC 9110 §7.6.1), with the ones in the wild. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What content means cannot end at one hop: a sender must not nominate it (RFC 9110 §7.6.1), and is not heard. */
const NEVER_NOMINATED: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'content-length'])

/** @returns Lower-case names that end here: the fixed ones and those that `Connection` nominates. */
export function hopByHopNames(fields: FieldList): ReadonlySet<string> {
  const nominated = listMembers(fieldValues(fields, 'connection')).filter((name) => !NEVER_NOMINATED.has(name))
  return nominated.length === 0 ? HOP_BY_HOP : new Set([...HOP_BY_HOP, ...nominated])
}
