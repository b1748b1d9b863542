import { type Answer, eventsAnswer, jsonAnswer } from '../answer/answer.js'
import { decideReply } from '../reply/decide-reply.js'
import { type Question, type Reply, replyText } from '../reply/reply.js'
import { tokenCount } from '../reply/token-count.js'
import { contentText, member, records } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'
import { responseEvents } from './openai-responses-events.js'

/** POST /v1/responses. */
export function openaiResponses(exchange: MockExchange): Answer {
  const { body, model, misbehaviour, credential } = exchange
  const reply = decideReply(responsesQuestion(body), model, misbehaviour, credential)
  return body['stream'] === true
    ? eventsAnswer(responseEvents(exchange, reply))
    : jsonAnswer(responseObject(exchange, reply, 'completed'))
}

function responsesQuestion(body: MockExchange['body']): Question {
  const { input } = body
  const items = records(input)
  const user = items.findLast(({ role }) => role === 'user')
  const format = member(body['text'], 'format')
  const type = member(format, 'type')
  const schema = type === 'json_schema' ? member(format, 'schema') : type === 'json_object' ? {} : undefined
  const toolChoice = chosenTool(body['tool_choice'])
  return {
    text: typeof input === 'string' ? input : contentText(user?.['content']),
    tools: records(body['tools']).flatMap(({ type, name, parameters }) =>
      type === 'function' && typeof name === 'string' ? [{ name, schema: parameters }] : [],
    ),
    ...(toolChoice !== undefined && { toolChoice }),
    endsWithToolResult: /_call_output$/.test(String(items.at(-1)?.['type'])),
    ...(schema !== undefined && { textSchema: schema }),
  }
}

function chosenTool(choice: unknown): string | undefined {
  const name = member(choice, 'name')
  return typeof name === 'string' ? name : choice === 'required' ? 'any' : choice === 'none' ? 'none' : undefined
}

/** The response as an object: complete, or as it is while nothing has been said. */
export function responseObject(exchange: MockExchange, reply: Reply, status: 'in_progress' | 'completed') {
  const { body, createdAt, model } = exchange
  const completed = status === 'completed'
  return {
    id: mockId('resp_', exchange),
    object: 'response',
    created_at: createdAt,
    status,
    background: false,
    completed_at: completed ? createdAt : null,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: null,
    model,
    output: completed ? [outputItem(exchange, reply, 'completed')] : [],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: completed ? 'default' : 'auto',
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: body['text'] ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: 0,
    top_p: body['top_p'] ?? 1,
    truncation: 'disabled',
    usage: completed ? responseUsage(body, reply) : null,
    user: null,
    metadata: body['metadata'] ?? {},
  }
}

/** The one item a reply consists of: a message, or a call of a function. */
export function outputItem(exchange: MockExchange, reply: Reply, status: 'in_progress' | 'completed') {
  const completed = status === 'completed'
  if (reply.kind === 'tool_call') {
    return {
      id: mockId('fc_', exchange),
      type: 'function_call',
      status,
      arguments: completed ? JSON.stringify(reply.arguments) : '',
      call_id: mockId('call_', exchange),
      name: reply.name,
    }
  }
  return {
    id: mockId('msg_', exchange),
    type: 'message',
    status,
    content: completed ? [outputText(replyText(reply))] : [],
    role: 'assistant',
  }
}

/** The text part of a message. */
export function outputText(text: string) {
  return { type: 'output_text', annotations: [], logprobs: [], text }
}

function responseUsage(body: MockExchange['body'], reply: Reply) {
  const input = tokenCount([body['instructions'], body['input'], body['tools']])
  const output = tokenCount(reply.kind === 'text' ? replyText(reply) : reply.arguments)
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  }
}
