import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import { usageError } from './usage-error.js'

/**
 * Which model a verification asks for: the one typed, the one the route leads to, or the profile's default.
 *
 * @throws {UserError} `ERR_MODEL_MISSING` (2).
 */
export function modelToVerify(
  { inference }: ConfigDocument,
  { name, type }: ProviderRecord,
  { defaultModel }: InferenceProviderProfile,
  typed: string | undefined,
): string {
  const model = typed ?? (inference?.provider === name ? inference.model : undefined) ?? defaultModel
  if (model !== undefined) return model
  throw usageError(
    'ERR_MODEL_MISSING',
    `provider type '${type}' has no default model, and no route leads to '${name}'`,
    [`nemoclaw provider verify ${name} --model MODEL`],
  )
}
