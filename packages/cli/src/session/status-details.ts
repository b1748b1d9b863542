import { details } from '../report/table.js'
import type { SessionStatus } from './session-status.js'

/** The status for a person. */
export function statusDetails(status: SessionStatus): string {
  const { url, pid, startedAt, exchangesUnderWay, route, problems } = status
  const isDefault = route?.source === 'unset_default' ? ' (default)' : ''
  return details([
    ['Listening', url],
    ['Process', `${pid}, since ${startedAt}`],
    ['Route', route ? `inference.local -> ${route.provider}${isDefault}, ${route.model}` : 'none that can be used'],
    ['Revision', route ? `${route.revision}, resolved ${route.resolvedAt}` : '-'],
    ['Configuration', status.configuration === 'stored' ? `version ${status.configVersion}` : status.routesFile],
    ['Under way', `${exchangesUnderWay} exchanges`],
    ...(problems.length === 0 ? [] : [['Problem', problems] as const]),
  ])
}
