import { type Answer, eventsAnswer, jsonAnswer } from '../answer/answer.js'
import { tokenCount } from '../reply/token-count.js'
import type { MockExchange } from './exchange.js'

/** A PNG of one pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const LOOK = { background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024' } as const
const MAX_IMAGES = 10

/** POST /v1/images/generations, /edits and /variations. */
export function openaiImages(kind: 'generation' | 'edit' | 'variation'): (exchange: MockExchange) => Answer {
  return (exchange) => {
    const { body, createdAt } = exchange
    const streams = body['stream'] === true || body['stream'] === 'true'
    if (streams && kind !== 'variation') {
      return imageEvents(kind, exchange)
    }
    const count = Math.min(Math.max(1, Number(body['n'] ?? 1) || 1), MAX_IMAGES)
    const image = body['response_format'] === 'url' ? { url: 'https://images.invalid/mock.png' } : { b64_json: PIXEL }
    return jsonAnswer({
      created: createdAt,
      ...LOOK,
      data: Array.from({ length: count }, () => image),
      usage: { ...usage(exchange), output_tokens_details: { image_tokens: 272, text_tokens: 0 } },
    })
  }
}

function imageEvents(kind: 'generation' | 'edit', exchange: MockExchange): Answer {
  const { body, createdAt } = exchange
  const prefix = kind === 'edit' ? 'image_edit' : 'image_generation'
  const event = (type: string, data: Readonly<Record<string, unknown>>) => ({
    event: `${prefix}.${type}`,
    data: { type: `${prefix}.${type}`, b64_json: PIXEL, created_at: createdAt, ...LOOK, ...data },
  })
  const partial = Math.min(Number(body['partial_images'] ?? 0) || 0, 3)
  return eventsAnswer([
    ...Array.from({ length: partial }, (_, index) => event('partial_image', { partial_image_index: index })),
    event('completed', { usage: usage(exchange) }),
  ])
}

function usage({ body }: MockExchange) {
  const text = tokenCount(body['prompt'] ?? '')
  return {
    input_tokens: text,
    input_tokens_details: { text_tokens: text, image_tokens: 0 },
    output_tokens: 272,
    total_tokens: 272 + text,
  }
}
