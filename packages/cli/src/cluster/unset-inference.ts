import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import type { ConfigStore } from './config-store.js'
import { requireInference } from './require-inference.js'
import { unsetDefaultRoute } from './unset-default-route.js'

export interface RemovedInference {
  /** Where the route led. */
  readonly provider: string
  readonly model: string
  /** Where it leads although nobody set it; absent where requests are refused now. */
  readonly leadsNow?: { readonly provider: string; readonly model: string }
}

/** @throws {UserError} `ERR_INFERENCE_NOT_CONFIGURED`; those of the store. */
export async function unsetInference(store: ConfigStore, catalogue: ProfileCatalogue): Promise<RemovedInference> {
  let removed: RemovedInference | undefined
  const document = await store.update((current) => {
    const { provider, model } = requireInference(current)
    removed = { provider, model }
    const { inference: _inference, ...rest } = current
    return rest
  })
  const now = unsetDefaultRoute(document, catalogue)
  return { ...removed!, ...(now ? { leadsNow: { provider: now.record.name, model: now.model } } : {}) }
}
