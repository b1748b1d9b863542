import { ProxyError } from '../proxy-error.js'
import { guardedName } from './guarded-name.js'
import { MAX_MODEL_LENGTH, MODEL_NAMES, type RewrittenContent } from './rewrite-model.js'
import { scanMultipart } from './scan-multipart.js'

/**
 * Finds the `model` part of a form and prepares its replacement; all other bytes stay as they came.
 *
 * @throws {ProxyError} `ERR_CONTENT_NOT_MULTIPART`, `ERR_MODEL_AMBIGUOUS` (400).
 */
export function rewriteMultipart(content: Buffer, boundary: string | undefined): RewrittenContent {
  const parts = scanMultipart(content, boundary)
  const models = parts.filter(({ name }) => name === 'model')
  const alternative = parts.find(({ name }) => name !== 'model' && guardedName(name, MODEL_NAMES))
  if (alternative) {
    throw new ProxyError(
      'ERR_MODEL_AMBIGUOUS',
      `The form has a part named ${JSON.stringify(alternative.name.slice(0, 64))}, which would let the provider pick another model.`,
    )
  }
  if (models.length > 1) {
    throw new ProxyError('ERR_MODEL_AMBIGUOUS', 'The form has more than one part named "model"; send one.')
  }
  const model = models[0]
  if (!model) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\n`
    return { members: [], withModel: (name) => [Buffer.from(`${head}${name}\r\n`), content] }
  }
  const { start, end } = model.content
  if (end - start > MAX_MODEL_LENGTH) {
    throw new ProxyError('ERR_CONTENT_NOT_MULTIPART', `"model" must have at most ${MAX_MODEL_LENGTH} bytes.`)
  }
  return {
    members: [],
    modelRequested: content.toString('utf8', start, end),
    withModel: (name) => [content.subarray(0, start), Buffer.from(name), content.subarray(end)],
  }
}
