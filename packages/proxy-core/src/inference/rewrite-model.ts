import { ProxyError } from '../proxy-error.js'
import { guardedName } from './guarded-name.js'
import { JsonScanError } from './json-scalar.js'
import { type Span, scanJsonObject, type TopLevelMember } from './json-scan.js'

/** What the content said of its model, and the content with ours in its place. */
export interface RewrittenContent {
  /** What the client asked for; absent where it named nothing. */
  readonly modelRequested?: string
  /** Chunks to send in order. Their total length differs from the input's: compute `content-length` anew. */
  readonly withModel: (model: string) => readonly Buffer[]
  /** The outermost members; none where the content is a form. */
  readonly members: readonly TopLevelMember[]
}

/** A longer identifier is no identifier. */
export const MAX_MODEL_LENGTH = 512

/**
 * Finds the `model` of a JSON object and prepares its replacement; all other bytes stay as they came.
 *
 * @param content - UTF-8 JSON, already limited in size by the caller.
 * @throws {ProxyError} `ERR_CONTENT_NOT_JSON_OBJECT`, `ERR_MODEL_AMBIGUOUS` (400).
 */
export function rewriteModel(content: Buffer): RewrittenContent {
  const members = scanMembers(content)
  const model = theOneModel(members)
  if (!model) {
    return { members, withModel: (name) => insertFirst(content, name, members.length === 0) }
  }
  const modelRequested = modelString(content, model)
  return {
    members,
    ...(modelRequested !== undefined && { modelRequested }),
    // Splice instead of parse and serialise: a round trip rounds integers beyond 2^53 (some `seed`s) and rewrites
    // escapes, and so defeats the provider's prompt cache.
    withModel: (name) => [
      content.subarray(0, model.start),
      Buffer.from(JSON.stringify(name)),
      content.subarray(model.end),
    ],
  }
}

function scanMembers(content: Buffer): readonly TopLevelMember[] {
  try {
    return scanJsonObject(content)
  } catch (error) {
    if (error instanceof JsonScanError) {
      throw new ProxyError('ERR_CONTENT_NOT_JSON_OBJECT', `The content must be one JSON object: ${error.message}.`)
    }
    throw error
  }
}

/** Names that decide which model answers. */
export const MODEL_NAMES: ReadonlySet<string> = new Set(['model', 'models', 'fallbacks'])

/** JSON permits duplicate names and parsers disagree on which wins, so two models name one nobody approved. */
function theOneModel(members: readonly TopLevelMember[]): Span | undefined {
  let model: Span | undefined
  for (const { name, value } of members) {
    if (name === 'model') {
      if (model) {
        throw new ProxyError('ERR_MODEL_AMBIGUOUS', 'The content names "model" more than once; name it once.')
      }
      model = value
    } else if (guardedName(name, MODEL_NAMES)) {
      throw new ProxyError(
        'ERR_MODEL_AMBIGUOUS',
        `The content names ${JSON.stringify(name.slice(0, 64))}, which would let the provider pick another model. ` +
          'Name one "model" instead.',
      )
    }
  }
  return model
}

function modelString(content: Buffer, { start, end }: Span): string | undefined {
  if (end - start > MAX_MODEL_LENGTH * 6) {
    throw notAModel()
  }
  const model: unknown = JSON.parse(content.toString('utf8', start, end))
  if (model === null) {
    return undefined
  }
  if (typeof model !== 'string' || model.length > MAX_MODEL_LENGTH) {
    throw notAModel()
  }
  return model
}

function notAModel(): ProxyError {
  return new ProxyError(
    'ERR_CONTENT_NOT_JSON_OBJECT',
    `"model" must be a string of at most ${MAX_MODEL_LENGTH} characters, or null for the route's own.`,
  )
}

function insertFirst(content: Buffer, model: string, isEmpty: boolean): readonly Buffer[] {
  const behindBrace = content.indexOf(0x7b) + 1
  const member = `"model":${JSON.stringify(model)}${isEmpty ? '' : ','}`
  return [content.subarray(0, behindBrace), Buffer.from(member), content.subarray(behindBrace)]
}
