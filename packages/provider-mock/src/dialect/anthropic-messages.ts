import { type Answer, eventsAnswer, jsonAnswer, type StreamEvent } from '../answer/answer.js'
import { decideReply } from '../reply/decide-reply.js'
import { type Question, type Reply, replyText } from '../reply/reply.js'
import { tokenCount } from '../reply/token-count.js'
import { contentText, member, records } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'

/** POST /v1/messages. */
export function anthropicMessages(exchange: MockExchange): Answer {
  const { body, model, misbehaviour, credential } = exchange
  const reply = decideReply(messagesQuestion(body), model, misbehaviour, credential)
  return body['stream'] === true ? eventsAnswer(messageEvents(exchange, reply)) : jsonAnswer(message(exchange, reply))
}

/** POST /v1/messages/count_tokens. */
export function anthropicCountTokens(exchange: MockExchange): Answer {
  return jsonAnswer({ input_tokens: inputTokens(exchange) })
}

function messagesQuestion(body: MockExchange['body']): Question {
  const messages = records(body['messages'])
  const last = messages.at(-1)
  const user = messages.findLast(({ role, content }) => role === 'user' && contentText(content) !== '')
  const toolChoice = chosenTool(body['tool_choice'])
  return {
    text: contentText(user?.['content']),
    // Tools that the vendor runs itself have a dated type and no schema of their own; a deferred one cannot be called
    // until a search has loaded it.
    tools: records(body['tools']).flatMap(({ name, input_schema: schema, defer_loading: deferred }) =>
      typeof name === 'string' && schema !== undefined && deferred !== true ? [{ name, schema }] : [],
    ),
    ...(toolChoice !== undefined && { toolChoice }),
    endsWithToolResult: records(last?.['content']).some(({ type }) => type === 'tool_result'),
  }
}

function chosenTool(choice: unknown): string | undefined {
  const type = member(choice, 'type')
  const name = member(choice, 'name')
  return type === 'tool' && typeof name === 'string' ? name : type === 'any' || type === 'none' ? type : undefined
}

function message(exchange: MockExchange, reply: Reply) {
  return {
    ...emptyMessage(exchange),
    content: [contentBlock(exchange, reply, true)],
    stop_reason: reply.kind === 'text' ? 'end_turn' : 'tool_use',
    usage: usage(exchange, outputTokens(reply)),
  }
}

function emptyMessage(exchange: MockExchange) {
  return {
    id: mockId('msg_', exchange),
    type: 'message',
    role: 'assistant',
    model: exchange.model,
    content: [] as unknown[],
    stop_reason: null as string | null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: usage(exchange, 1),
  }
}

function contentBlock(exchange: MockExchange, reply: Reply, filled: boolean) {
  return reply.kind === 'text'
    ? { type: 'text', text: filled ? replyText(reply) : '', citations: null }
    : {
        type: 'tool_use',
        id: mockId('toolu_', exchange),
        name: reply.name,
        input: filled ? reply.arguments : {},
        caller: { type: 'direct' },
      }
}

function messageEvents(exchange: MockExchange, reply: Reply): readonly StreamEvent[] {
  const deltas =
    reply.kind === 'text'
      ? reply.pieces.map((text) => ({ type: 'text_delta', text }))
      : ['', ...(JSON.stringify(reply.arguments).match(/.{1,12}/gsu) ?? [])].map((json) => ({
          type: 'input_json_delta',
          partial_json: json,
        }))
  return [
    event('message_start', { message: emptyMessage(exchange) }),
    event('content_block_start', { index: 0, content_block: contentBlock(exchange, reply, false) }),
    event('ping', {}),
    ...deltas.map((delta) => event('content_block_delta', { index: 0, delta })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: {
        stop_reason: reply.kind === 'text' ? 'end_turn' : 'tool_use',
        stop_sequence: null,
        stop_details: null,
        container: null,
      },
      usage: {
        input_tokens: inputTokens(exchange),
        output_tokens: outputTokens(reply),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens_details: null,
        server_tool_use: null,
      },
    }),
    event('message_stop', {}),
  ]
}

function event(type: string, data: Readonly<Record<string, unknown>>): StreamEvent {
  return { event: type, data: { type, ...data } }
}

function usage(exchange: MockExchange, output: number) {
  return {
    input_tokens: inputTokens(exchange),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  }
}

function inputTokens({ body }: MockExchange): number {
  return tokenCount([body['system'], body['messages'], body['tools']])
}

function outputTokens(reply: Reply): number {
  return tokenCount(reply.kind === 'text' ? replyText(reply) : reply.arguments)
}
