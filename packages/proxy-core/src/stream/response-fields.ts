import type { FieldList } from '../http/field-list.js'
import { hopByHopNames } from '../http/hop-by-hop.js'
import type { ResolvedRoute } from '../route/resolved-route.js'

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
const MAX_VALUE_BYTES = 256

/** The header of our response: the provider's, less what ends here, and who really answered. */
export function responseFields(
  upstream: FieldList,
  route: ResolvedRoute,
  { modelRequested, attempts }: { readonly modelRequested: string | undefined; readonly attempts: number },
): FieldList {
  const hopByHop = hopByHopNames(upstream)
  const passing = upstream.filter(([rawName]) => {
    const name = rawName.toLowerCase()
    return (
      !hopByHop.has(name) &&
      !DROPPED.has(name) &&
      !name.startsWith('access-control-') &&
      !name.startsWith('x-nemoclaw-') &&
      !name.startsWith('proxy-')
    )
  })
  return [...passing, ...routeFields(route, modelRequested), ['x-nemoclaw-attempts', String(attempts)]]
}

/** Which model was asked for, which one answers, and who serves it: no silent swap. */
export function routeFields(route: ResolvedRoute, modelRequested: string | undefined): FieldList {
  return [
    ['x-nemoclaw-model-requested', fieldSafe(modelRequested ?? '')],
    ['x-nemoclaw-model-served', fieldSafe(route.model)],
    ['x-nemoclaw-provider', fieldSafe(route.providerName)],
    ...(route.source === 'unset_default' ? [['x-nemoclaw-route', 'default'] as const] : []),
  ]
}

/** Percent-encodes what a field cannot carry; cut at 256 bytes, never inside an escape. */
function fieldSafe(text: string): string {
  const encoded = text.toWellFormed().replaceAll(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent)
  return encoded.length <= MAX_VALUE_BYTES ? encoded : encoded.slice(0, MAX_VALUE_BYTES).replace(/%[0-9A-F]?$/, '')
}
