import type { RouteNews } from './route-keeper.js'
import type { ConfigurationEvent } from './session-routes.js'

/** What the log says of a route that was resolved, or cannot be. */
export function routeNewsEvent(news: RouteNews): ConfigurationEvent {
  if (news.action === 'unusable') return { kind: 'config', action: 'unusable', detail: news.problem }
  const { provider, model, revision, source } = news.summary
  const isDefault = source === 'unset_default' ? ' (default: no route is set)' : ''
  return {
    kind: 'config',
    action: 'resolved',
    detail: `inference.local -> ${provider}${isDefault}, ${model}, revision ${revision}`,
  }
}
