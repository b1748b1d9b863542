import { type Answer, jsonAnswer } from '../answer/answer.js'
import { contentText } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const

/** POST /v1/moderations. A text with the word `violence` is flagged, so that both answers can be had. */
export function openaiModerations(exchange: MockExchange): Answer {
  const { input } = exchange.body as { input?: unknown }
  const texts = Array.isArray(input) && input.every((item) => typeof item === 'string') ? input : [contentText(input)]
  return jsonAnswer({ id: mockId('modr-', exchange), model: exchange.model, results: texts.map(moderate) })
}

function moderate(text: string) {
  const flagged = /\bviolence\b/i.test(text)
  const each = <T>(value: (violent: boolean) => T) =>
    Object.fromEntries(CATEGORIES.map((category) => [category, value(flagged && category === 'violence')]))
  return {
    flagged,
    categories: each((violent) => violent),
    category_scores: each((violent) => (violent ? 0.98 : 0.0001)),
    category_applied_input_types: each(() => ['text']),
  }
}
