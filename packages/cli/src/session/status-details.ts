import { counted } from '../report/counted.js'
import { details } from '../report/table.js'
import type { SessionStatus } from './session-status.js'

/** The status for a person. */
export function statusDetails(status: SessionStatus): string {
  const { url, pid, startedAt, exchangesUnderWay, tunnelsOpen, clientUrls, policy, upstreamProxy, route, problems } =
    status
  const isDefault = route?.source === 'unset_default' ? ' (default)' : ''
  return details([
    ['Listening', [url, ...Object.entries(clientUrls).map(([client, clientUrl]) => `${clientUrl} for ${client}`)]],
    ['Process', `${pid}, since ${startedAt}`],
    ['Route', route ? `inference.local -> ${route.provider}${isDefault}, ${route.model}` : 'none that can be used'],
    ['Revision', route ? `${route.revision}, resolved ${route.resolvedAt}` : '-'],
    ['Configuration', status.configuration === 'stored' ? `version ${status.configVersion}` : status.routesFile],
    ['Policy', policyLine(policy)],
    ...(upstreamProxy === undefined ? [] : [['Upstream proxy', upstreamProxy] as const]),
    ...(policy.learningUntil === undefined
      ? []
      : [['Learning', `until ${policy.learningUntil}: what no policy allows passes, and is recorded`] as const]),
    ['Under way', `${counted(exchangesUnderWay, 'exchange')}, ${counted(tunnelsOpen, 'tunnel')}`],
    ...(problems.length === 0 ? [] : [['Problem', problems] as const]),
  ])
}

function policyLine({ file, exists, policies, endpoints }: SessionStatus['policy']): string {
  if (endpoints === 0) return `${exists ? file : `no ${file}`}: everything but inference.local is denied`
  return `${file}: ${counted(endpoints, 'endpoint')} in ${counted(policies, 'policy', 'policies')}`
}
