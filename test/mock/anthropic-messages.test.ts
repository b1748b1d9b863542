import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { answerTo, dataOf, eventsOf, postJson } from './ask-mock.js'

const hello = { model: 'mock/echo', max_tokens: 64, messages: [{ role: 'user', content: 'Hello?' }] }
const tools = [
  { name: 'read', input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] } },
]

test('repeats the question, in the shape of a message', async () => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, '/messages', hello)).toMatchObject({
    id: expect.stringMatching(/^msg_/),
    type: 'message',
    role: 'assistant',
    model: 'mock/echo',
    content: [{ type: 'text', text: expect.stringContaining('You asked: "Hello?"'), citations: null }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number), service_tier: 'standard' },
  })
})

test('streams every event of a message, each under its name', async () => {
  await using provider = await startMockProvider()

  const whole = await answerTo(provider, '/messages', hello)
  const events = await eventsOf(await postJson(provider, '/messages', { ...hello, stream: true }))
  const names = events.map(({ event }) => event)
  const text = dataOf(events).map((data) => (data as { delta?: { text?: string } }).delta?.text ?? '')

  expect(dataOf(events).map(({ type }) => type)).toEqual(names)
  expect(names.filter((name) => name !== 'content_block_delta')).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(whole).toMatchObject({ content: [{ text: text.join('') }] })
  expect(events[0]?.data).toMatchObject({ message: { content: [], stop_reason: null } })
  expect(events.at(-2)?.data).toMatchObject({
    delta: { stop_reason: 'end_turn' },
    usage: { output_tokens: expect.any(Number) },
  })
})

test('uses an offered tool, until its result is there', async () => {
  await using provider = await startMockProvider()
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'text' }] }

  const first = await answerTo(provider, '/messages', { ...hello, tools })
  const second = await answerTo(provider, '/messages', { ...hello, tools, messages: [...hello.messages, result] })

  expect(first).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', id: expect.stringMatching(/^toolu_/), name: 'read', input: { path: 'mock' } }],
  })
  expect(second).toMatchObject({ stop_reason: 'end_turn' })
})

test('streams the input of a tool as pieces of JSON', async () => {
  await using provider = await startMockProvider()

  const data = dataOf(await eventsOf(await postJson(provider, '/messages', { ...hello, tools, stream: true })))
  const json = data.map((event) => (event as { delta?: { partial_json?: string } }).delta?.partial_json ?? '').join('')

  expect(data.find(({ type }) => type === 'content_block_start')).toMatchObject({
    content_block: { type: 'tool_use', name: 'read', input: {} },
  })
  expect(JSON.parse(json)).toEqual({ path: 'mock' })
})

test('does not call a tool that the vendor runs itself', async () => {
  await using provider = await startMockProvider()
  const webSearch = { type: 'web_search_20250305', name: 'web_search' }

  expect(await answerTo(provider, '/messages', { ...hello, tools: [webSearch] })).toMatchObject({
    stop_reason: 'end_turn',
  })
})

test('counts tokens', async () => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, '/messages/count_tokens', { model: 'x', messages: hello.messages })).toEqual({
    input_tokens: expect.any(Number),
  })
})

test('sends request id and rate limits as the vendor does', async () => {
  await using provider = await startMockProvider()

  const { headers } = await postJson(provider, '/messages', hello)

  expect(headers.get('request-id')).toMatch(/^req_/)
  expect(headers.get('anthropic-ratelimit-requests-remaining')).toBe('3999')
  expect(headers.get('x-request-id')).toBeNull()
})

test('says what is missing', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, '/messages', { model: 'mock/echo', messages: [] })

  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'max_tokens: Field required' },
    request_id: response.headers.get('request-id'),
  })
})
