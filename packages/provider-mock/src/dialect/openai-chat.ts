import { type Answer, eventsAnswer, jsonAnswer, type StreamEvent } from '../answer/answer.js'
import { decideReply } from '../reply/decide-reply.js'
import { type Question, type Reply, replyText } from '../reply/reply.js'
import { tokenCount } from '../reply/token-count.js'
import { contentText, member, records } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'

/** POST /v1/chat/completions. */
export function openaiChat(exchange: MockExchange): Answer {
  const { body, model, misbehaviour, credential } = exchange
  const reply = decideReply(chatQuestion(body), model, misbehaviour, credential)
  return body['stream'] === true ? eventsAnswer(chunks(exchange, reply)) : jsonAnswer(completion(exchange, reply))
}

function chatQuestion(body: MockExchange['body']): Question {
  const messages = records(body['messages'])
  const user = messages.findLast(({ role }) => role === 'user')
  const schema = responseSchema(body['response_format'])
  const toolChoice = chosenTool(body['tool_choice'])
  return {
    text: contentText(user?.['content']),
    tools: records(body['tools']).flatMap((tool) => {
      const name = member(tool['function'], 'name')
      return typeof name === 'string' ? [{ name, schema: member(tool['function'], 'parameters') }] : []
    }),
    ...(toolChoice !== undefined && { toolChoice }),
    endsWithToolResult: messages.at(-1)?.['role'] === 'tool',
    ...(schema !== undefined && { textSchema: schema }),
  }
}

function chosenTool(choice: unknown): string | undefined {
  const named = member(member(choice, 'function'), 'name')
  if (typeof named === 'string') {
    return named
  }
  return choice === 'required' ? 'any' : choice === 'none' ? 'none' : undefined
}

function responseSchema(format: unknown): unknown {
  const type = member(format, 'type')
  return type === 'json_schema'
    ? member(member(format, 'json_schema'), 'schema')
    : type === 'json_object'
      ? {}
      : undefined
}

function completion(exchange: MockExchange, reply: Reply) {
  return {
    id: mockId('chatcmpl-', exchange),
    object: 'chat.completion',
    created: exchange.createdAt,
    model: exchange.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.kind === 'text' ? replyText(reply) : null,
          ...(reply.kind === 'tool_call' && {
            tool_calls: [toolCall(exchange, reply.name, JSON.stringify(reply.arguments))],
          }),
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: reply.kind === 'text' ? 'stop' : 'tool_calls',
      },
    ],
    usage: chatUsage(exchange, reply),
    service_tier: 'default',
    system_fingerprint: 'fp_mock',
  }
}

function chunks(exchange: MockExchange, reply: Reply): readonly StreamEvent[] {
  const withUsage = member(exchange.body['stream_options'], 'include_usage') === true
  const chunk = (choices: readonly unknown[], usage: unknown = null): StreamEvent => ({
    data: {
      id: mockId('chatcmpl-', exchange),
      object: 'chat.completion.chunk',
      created: exchange.createdAt,
      model: exchange.model,
      service_tier: 'default',
      system_fingerprint: 'fp_mock',
      choices,
      ...(withUsage && { usage }),
    },
  })
  const delta = (content: unknown, finishReason: string | null = null) =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason: finishReason }])
  return [
    ...(reply.kind === 'text' ? textDeltas(reply) : toolDeltas(exchange, reply)).map((content) => delta(content)),
    delta({}, reply.kind === 'text' ? 'stop' : 'tool_calls'),
    ...(withUsage ? [chunk([], chatUsage(exchange, reply))] : []),
    { data: '[DONE]' },
  ]
}

function textDeltas(reply: Reply & { kind: 'text' }): readonly unknown[] {
  return [{ role: 'assistant', content: '', refusal: null }, ...reply.pieces.map((content) => ({ content }))]
}

function toolDeltas(exchange: MockExchange, reply: Reply & { kind: 'tool_call' }): readonly unknown[] {
  const json = JSON.stringify(reply.arguments)
  return [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ index: 0, ...toolCall(exchange, reply.name, '') }],
      refusal: null,
    },
    ...(json.match(/.{1,12}/gsu) ?? []).map((piece) => ({
      tool_calls: [{ index: 0, function: { arguments: piece } }],
    })),
  ]
}

function toolCall(exchange: MockExchange, name: string, json: string) {
  return { id: mockId('call_', exchange), type: 'function', function: { name, arguments: json } }
}

/** Usage as chat and legacy completions report it. */
export function chatUsage({ body }: MockExchange, reply: Reply) {
  const prompt = tokenCount(body['messages'] ?? body['prompt'])
  const completionTokens = tokenCount(reply.kind === 'text' ? replyText(reply) : reply.arguments)
  return {
    prompt_tokens: prompt,
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
