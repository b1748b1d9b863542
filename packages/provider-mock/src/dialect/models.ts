import { type Answer, jsonAnswer } from '../answer/answer.js'
import type { Dialect } from '../answer/dialect.js'
import { errorAnswer } from '../answer/dialect-error.js'
import { modelNotFound } from '../answer/refusals.js'
import { FAULTS } from '../fault/fault.js'
import { resolveMisbehaviour } from '../fault/resolve-misbehaviour.js'
import type { MockExchange } from './exchange.js'

const CREATED = '2025-01-01T00:00:00Z'

/** GET /v1/models: every model name with a meaning, in one page. */
export function listModels(dialect: Dialect): Answer {
  const data = FAULTS.map(({ name, summary }) => modelObject(dialect, `mock/${name}`, summary))
  return jsonAnswer(
    dialect === 'anthropic'
      ? { data, has_more: false, first_id: data[0]!.id, last_id: data.at(-1)!.id }
      : { object: 'list', data },
  )
}

/** GET /v1/models/{id}; the identifier may hold a slash, encoded or not. */
export function retrieveModel(dialect: Dialect, id: string, { requestId }: MockExchange): Answer {
  return id.startsWith('mock/') && resolveMisbehaviour(id)
    ? jsonAnswer(modelObject(dialect, id, summary(id)))
    : errorAnswer(dialect, modelNotFound(id), requestId)
}

function summary(id: string): string {
  const names = id
    .replace(/^mock\//, '')
    .split('+')
    .map((part) => part.split(':', 1)[0])
  return FAULTS.filter(({ name }) => names.includes(name))
    .map((fault) => fault.summary)
    .join(' ')
}

function modelObject(dialect: Dialect, id: string, summary: string) {
  return dialect === 'anthropic'
    ? {
        type: 'model',
        id,
        display_name: summary,
        created_at: CREATED,
        lifecycle: 'active',
        line: null,
        capabilities: null,
        deprecated_at: null,
        retires_at: null,
        max_input_tokens: 200_000,
        max_tokens: 64_000,
      }
    : { id, object: 'model', created: Date.parse(CREATED) / 1000, owned_by: 'mock' }
}
