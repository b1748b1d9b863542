import { createHash } from 'node:crypto'
import { type Answer, jsonAnswer } from '../answer/answer.js'
import { tokenCount } from '../reply/token-count.js'
import type { MockExchange } from './exchange.js'

const DEFAULT_DIMENSIONS = 16
const MAX_DIMENSIONS = 4_096

/** POST /v1/embeddings; `encoding_format: base64` gives little-endian 32-bit floats, as the vendor does. */
export function openaiEmbeddings({ body, model }: MockExchange): Answer {
  const { input, dimensions, encoding_format: format } = body as Record<string, unknown>
  const wanted = typeof dimensions === 'number' && dimensions >= 1 ? Math.floor(dimensions) : DEFAULT_DIMENSIONS
  const inputs = isBatch(input) ? input : [input]
  const tokens = inputs.reduce((sum: number, item) => sum + tokenCount(item), 0)
  return jsonAnswer({
    object: 'list',
    data: inputs.map((item, index) => {
      const vector = embed(item, Math.min(wanted, MAX_DIMENSIONS))
      return {
        object: 'embedding',
        index,
        embedding: format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector],
      }
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}

/** A list of texts or of token lists; a list of numbers is one text, in tokens. */
function isBatch(input: unknown): input is readonly unknown[] {
  return Array.isArray(input) && typeof input[0] !== 'number'
}

/** A unit vector that depends on nothing but the text, so that equal texts are near and others are not. */
function embed(text: unknown, dimensions: number): Float32Array {
  const seed = createHash('sha256')
    .update(JSON.stringify(text) ?? '')
    .digest()
  const raw = Float32Array.from({ length: dimensions }, (_, index) => {
    // A new digest for every 32 dimensions; otherwise long vectors would repeat themselves.
    const block = createHash('sha256')
      .update(seed)
      .update(String(index >> 5))
      .digest()
    return block[index & 31]! - 127.5
  })
  const length = Math.hypot(...raw)
  return raw.map((value) => value / length)
}
