import type { StreamEvent } from '../answer/answer.js'
import { type Reply, replyText } from '../reply/reply.js'
import { type MockExchange, mockId } from './exchange.js'
import { outputItem, outputText, responseObject } from './openai-responses.js'

type EventData = Readonly<Record<string, unknown>> & { readonly type: string }

/** All the events of a streamed response, numbered, from `response.created` to `response.completed`. */
export function responseEvents(exchange: MockExchange, reply: Reply): readonly StreamEvent[] {
  const inProgress = responseObject(exchange, reply, 'in_progress')
  const events: readonly EventData[] = [
    { type: 'response.created', response: inProgress },
    { type: 'response.in_progress', response: inProgress },
    { type: 'response.output_item.added', output_index: 0, item: outputItem(exchange, reply, 'in_progress') },
    ...(reply.kind === 'text' ? textEvents(exchange, reply) : callEvents(exchange, reply)),
    { type: 'response.output_item.done', output_index: 0, item: outputItem(exchange, reply, 'completed') },
    { type: 'response.completed', response: responseObject(exchange, reply, 'completed') },
  ]
  return events.map(({ type, ...data }, index) => ({ event: type, data: { type, sequence_number: index, ...data } }))
}

function textEvents(exchange: MockExchange, reply: Reply & { kind: 'text' }): readonly EventData[] {
  const place = { item_id: mockId('msg_', exchange), output_index: 0, content_index: 0 }
  const text = replyText(reply)
  return [
    { type: 'response.content_part.added', ...place, part: outputText('') },
    ...reply.pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: outputText(text) },
  ]
}

function callEvents(
  exchange: MockExchange,
  { name, arguments: value }: Reply & { kind: 'tool_call' },
): readonly EventData[] {
  const place = { item_id: mockId('fc_', exchange), output_index: 0 }
  const json = JSON.stringify(value)
  return [
    ...(json.match(/.{1,12}/gsu) ?? []).map((delta) => ({
      type: 'response.function_call_arguments.delta',
      ...place,
      delta,
    })),
    { type: 'response.function_call_arguments.done', ...place, name, arguments: json },
  ]
}
