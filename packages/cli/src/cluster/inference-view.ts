import { DEFAULT_ROUTE_TIMEOUTS, type RouteSourceKind } from '@nemoclaw/proxy-core/route'
import type { ConfigDocument } from '../config/schema.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { details } from '../report/table.js'
import { requireInference } from './require-inference.js'
import { unsetDefaultRoute } from './unset-default-route.js'

/** Where `inference.local` leads; what `--json` prints, and so a public contract. */
export interface InferenceView {
  readonly route: 'inference.local'
  readonly source: RouteSourceKind
  readonly provider: string
  readonly model: string
  /** 0 where nobody set the route. */
  readonly version: number
  readonly connectTimeoutMs: number
  readonly firstByteTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly serverTools: 'allow' | 'deny'
  /** What a request that names another model gets. */
  readonly unknownModel: 'rewrite'
  readonly updatedAt?: string
  /** Why requests are refused although a route is set. */
  readonly problem?: string
}

/** @throws {UserError} `ERR_INFERENCE_NOT_CONFIGURED` where no route is set and none applies by itself. */
export function inferenceView(document: ConfigDocument, catalogue: ProfileCatalogue): InferenceView {
  const unset = unsetDefaultRoute(document, catalogue)
  const intent = unset ? { provider: unset.record.name, model: unset.model, version: 0 } : requireInference(document)
  const isMissing = !Object.hasOwn(document.providers, intent.provider)
  return {
    route: 'inference.local',
    source: unset ? 'unset_default' : 'configured',
    serverTools: 'allow',
    unknownModel: 'rewrite',
    ...DEFAULT_ROUTE_TIMEOUTS,
    ...intent,
    ...(isMissing ? { problem: `provider '${intent.provider}' does not exist` } : {}),
  }
}

/** The view for a person. */
export function inferenceDetails(view: InferenceView): string {
  const seconds = (milliseconds: number) => `${milliseconds / 1000} s`
  const isDefault = view.source === 'unset_default'
  return details([
    ['Route', view.route],
    ['Provider', isDefault ? `${view.provider} (default)` : view.provider],
    ['Model', view.model],
    ['Version', isDefault ? 'no route is set' : String(view.version)],
    [
      'Timeouts',
      `connect ${seconds(view.connectTimeoutMs)}, first byte ${seconds(view.firstByteTimeoutMs)}, idle ${seconds(view.idleTimeoutMs)}`,
    ],
    ['Server tools', view.serverTools],
    ...(view.problem === undefined ? [] : [['Problem', view.problem] as const]),
    ['Other models', `are answered by ${view.model}`],
  ])
}
