import { MAX_FIELDS, MAX_TARGET_BYTES } from '../http/request-head.js'
import { ProxyError } from '../proxy-error.js'
import type { ResolvedRoute } from '../route/resolved-route.js'
import { SELF_DESCRIPTION_PATH } from './inference-endpoint.js'
import { MAX_JSON_DEPTH, MAX_JSON_MEMBERS } from './json-scan.js'
import { refusalMeanings } from './refusal-meanings.js'
import { MAX_MODEL_LENGTH } from './rewrite-model.js'

const LISTING = '/v1/models'

/**
 * Answers what needs no provider: which models can be asked for, and what the limits and refusals are.
 *
 * @param maxContentBytes - The limit to tell.
 * @returns JSON text.
 * @throws {ProxyError} `ERR_MODEL_NOT_FOUND` (404).
 */
export function answerLocally(path: string, route: ResolvedRoute, maxContentBytes: number): string {
  const models = [route.model]
  if (path === SELF_DESCRIPTION_PATH) {
    return JSON.stringify({ models, limits: limits(maxContentBytes), refusals: refusalMeanings() })
  }
  const objects = models.map((id) => modelObject(id, route.providerName))
  if (path === LISTING) {
    // One shape serves both dialects, since their members do not collide.
    return JSON.stringify({
      object: 'list',
      data: objects,
      has_more: false,
      first_id: models[0] ?? null,
      last_id: models.at(-1) ?? null,
    })
  }
  const id = decodeURIComponent(path.slice(LISTING.length + 1))
  const model = objects.find((candidate) => candidate.id === id)
  if (!model) {
    throw new ProxyError(
      'ERR_MODEL_NOT_FOUND',
      `No model "${id.slice(0, 128)}" is offered here. Offered: ${models.join(', ')}.`,
    )
  }
  return JSON.stringify(model)
}

function limits(maxContentBytes: number) {
  return {
    max_content_bytes: maxContentBytes,
    max_header_fields: MAX_FIELDS,
    max_target_bytes: MAX_TARGET_BYTES,
    max_json_depth: MAX_JSON_DEPTH,
    max_json_members: MAX_JSON_MEMBERS,
    max_model_length: MAX_MODEL_LENGTH,
  }
}

function modelObject(id: string, owner: string) {
  return {
    id,
    object: 'model',
    created: 0,
    owned_by: owner,
    type: 'model',
    display_name: id,
    created_at: '1970-01-01T00:00:00Z',
  }
}
