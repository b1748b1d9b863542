import type { ValidatedEndpoint } from '../provider/verification.js'
import type { ChangedInference } from './change-inference.js'

/** What `set` and `update` say; what `--json` prints, and so a public contract. */
export interface ChangedInferenceView {
  readonly route: 'inference.local'
  readonly provider: string
  readonly model: string
  readonly version: number
  /** Whether the provider was asked. */
  readonly verified: boolean
  readonly validatedEndpoints: readonly ValidatedEndpoint[]
}

export function changedInferenceView({ intent, endpoints }: ChangedInference, verified: boolean): ChangedInferenceView {
  const { provider, model, version } = intent
  return { route: 'inference.local', provider, model, version, verified, validatedEndpoints: endpoints }
}

export function changedInferenceLines(view: ChangedInferenceView): string {
  const endpoints = view.validatedEndpoints.map(({ url, protocol }) => `    - ${url} (${protocol})`)
  return [
    '✓ Inference configured',
    '',
    `  Route: ${view.route}`,
    `  Provider: ${view.provider}`,
    `  Model: ${view.model}`,
    `  Version: ${view.version}`,
    ...(view.verified ? ['  Validated endpoints:', ...endpoints] : ['  Not verified (--no-verify)']),
  ].join('\n')
}
