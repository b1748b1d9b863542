import { type Answer, eventsAnswer, jsonAnswer } from '../answer/answer.js'
import { decideReply } from '../reply/decide-reply.js'
import { replyText } from '../reply/reply.js'
import { contentText, member } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'
import { chatUsage } from './openai-chat.js'

/** POST /v1/completions, the older text interface. */
export function openaiCompletions(exchange: MockExchange): Answer {
  const { body, model, misbehaviour, credential } = exchange
  const { prompt } = body as { prompt?: unknown }
  const question = {
    text: Array.isArray(prompt) ? prompt.filter((item) => typeof item === 'string').join('\n') : contentText(prompt),
    tools: [],
    endsWithToolResult: false,
  }
  // A legacy completion has no way to call a tool.
  const reply = decideReply(question, model, { ...misbehaviour, tools: 'never' }, credential)
  const completion = (text: string, finishReason: string | null, more: Readonly<Record<string, unknown>>) => ({
    id: mockId('cmpl-', exchange),
    object: 'text_completion',
    created: exchange.createdAt,
    model,
    system_fingerprint: 'fp_mock',
    choices: [{ text, index: 0, logprobs: null, finish_reason: finishReason }],
    ...more,
  })
  const usage = chatUsage(exchange, reply)
  if (body['stream'] !== true) {
    return jsonAnswer(completion(replyText(reply), 'stop', { usage }))
  }
  const withUsage = member(body['stream_options'], 'include_usage') === true
  const noUsage = withUsage ? { usage: null } : {}
  const pieces = reply.kind === 'text' ? reply.pieces : []
  return eventsAnswer([
    ...pieces.map((text) => ({ data: completion(text, null, noUsage) })),
    { data: completion('', 'stop', noUsage) },
    ...(withUsage ? [{ data: { ...completion('', null, { usage }), choices: [] } }] : []),
    { data: '[DONE]' },
  ])
}
