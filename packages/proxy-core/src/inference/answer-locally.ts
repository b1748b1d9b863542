import { ProxyError } from '../proxy-error.js'
import type { ResolvedRoute } from '../route/resolved-route.js'

const LISTING = '/v1/models'

/**
 * Answers what needs no provider: which models can be asked for. One shape serves both dialects, since their
 * members do not collide.
 *
 * @returns JSON text.
 * @throws {ProxyError} `ERR_MODEL_NOT_FOUND` (404).
 */
export function answerLocally(path: string, route: ResolvedRoute): string {
  const models = [route.model].map((id) => modelObject(id, route.providerName))
  if (path === LISTING) {
    return JSON.stringify({
      object: 'list',
      data: models,
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    })
  }
  const id = decodeURIComponentSafely(path.slice(LISTING.length + 1))
  const model = models.find((candidate) => candidate.id === id)
  if (!model) {
    throw new ProxyError(
      'ERR_MODEL_NOT_FOUND',
      `No model "${id}" is offered here. Offered: ${models.map((candidate) => candidate.id).join(', ')}.`,
    )
  }
  return JSON.stringify(model)
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

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
