import type { ConfigDocument, InferenceIntent } from '../config/schema.js'
import { UserError } from '../user-error.js'

/** @throws {UserError} `ERR_INFERENCE_NOT_CONFIGURED`, with the command that sets a route. */
export function requireInference({ inference }: ConfigDocument): InferenceIntent {
  if (inference) return inference
  throw new UserError(
    'ERR_INFERENCE_NOT_CONFIGURED',
    "cluster inference is not configured; run 'nemoclaw cluster inference set --provider <name> --model <id>'",
  )
}
