import { details } from '../report/table.js'
import type { SessionStatus } from './session-status.js'

/** The status for a person. */
export function statusDetails({
  url,
  pid,
  startedAt,
  exchangesUnderWay,
  configVersion,
  route,
  problem,
}: SessionStatus): string {
  const isDefault = route?.source === 'unset_default'
  return details([
    ['Listening', url],
    ['Process', `${pid}, since ${startedAt}`],
    [
      'Route',
      route
        ? `inference.local -> ${route.provider}${isDefault ? ' (default)' : ''}, ${route.model}`
        : 'not asked for yet',
    ],
    ['Revision', route ? `${route.revision}, resolved ${route.resolvedAt}` : '-'],
    ['Configuration', route?.source === 'routes_file' ? 'a routes file' : `version ${configVersion}`],
    ['Under way', `${exchangesUnderWay} exchanges`],
    ...(problem === undefined ? [] : [['Problem', problem] as const]),
  ])
}
