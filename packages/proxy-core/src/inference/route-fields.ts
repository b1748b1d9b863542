import type { FieldList } from '../http/field-list.js'
import type { ResolvedRoute } from '../route/resolved-route.js'

/** Where a request went. */
export interface RoutedRequest {
  readonly route: ResolvedRoute
  /** Absent where the client named none. */
  readonly modelRequested: string | undefined
  /** How often a provider was tried; absent where none was. */
  readonly attempts: number | undefined
}

const MAX_VALUE_BYTES = 256

/** Tells which model was asked for, which one answers, and who serves it: no silent swap. */
export function routeFields({ route, modelRequested = '', attempts }: RoutedRequest): FieldList {
  return [
    ['x-nemoclaw-model-requested', fieldSafe(modelRequested)],
    ['x-nemoclaw-model-served', fieldSafe(route.model)],
    ['x-nemoclaw-provider', fieldSafe(route.providerName)],
    ...(route.source === 'unset_default' ? [['x-nemoclaw-route', 'default'] as const] : []),
    ...(attempts === undefined ? [] : [['x-nemoclaw-attempts', String(attempts)] as const]),
  ]
}

/** Percent-encodes what a field cannot carry; cut at 256 bytes, never inside an escape. */
function fieldSafe(text: string): string {
  const encoded = text.toWellFormed().replaceAll(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent)
  return encoded.length <= MAX_VALUE_BYTES ? encoded : encoded.slice(0, MAX_VALUE_BYTES).replace(/%[0-9A-F]?$/, '')
}
