import type { FieldList } from '../http/field-list.js'
import { hopByHopNames } from '../http/hop-by-hop.js'

/**
 * Fields that would steer the client around us, speak for our origin in the provider's name, or talk about a
 * credential the client does not have.
 */
const DROPPED: ReadonlySet<string> = new Set([
  'alt-svc',
  'clear-site-data',
  'location',
  'nel',
  'proxy-status',
  'public-key-pins',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'strict-transport-security',
  'www-authenticate',
])

/** The header of a provider's response, less what ends here. */
export function responseFields(upstream: FieldList): FieldList {
  const hopByHop = hopByHopNames(upstream)
  return upstream.filter(([rawName]) => {
    const name = rawName.toLowerCase()
    return (
      !hopByHop.has(name) &&
      !DROPPED.has(name) &&
      !name.startsWith('access-control-') &&
      !name.startsWith('x-nemoclaw-') &&
      !name.startsWith('proxy-')
    )
  })
}
