import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { answerTo, dataOf, eventsOf, postJson } from './ask-mock.js'

const CHAT = '/chat/completions'
const hello = { model: 'mock/echo', messages: [{ role: 'user', content: 'Is 世界 there?' }] }
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, unit: { enum: ['c', 'f'] }, days: { type: 'integer' } },
        required: ['city', 'unit'],
      },
    },
  },
]

test('repeats the question, in the shape of a chat completion', async () => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, CHAT, hello)).toEqual({
    id: expect.stringMatching(/^chatcmpl-/),
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'mock/echo',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: expect.stringContaining('You asked: "Is 世界 there?"'),
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: expect.objectContaining({ prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) }),
    service_tier: 'default',
    system_fingerprint: 'fp_mock',
  })
})

test('gives the same text to the same question', async () => {
  await using provider = await startMockProvider()

  const [first, second] = [await answerTo(provider, CHAT, hello), await answerTo(provider, CHAT, hello)]

  expect(first['choices']).toEqual(second['choices'])
})

test('streams the same text in several pieces, ends with a finish reason and [DONE]', async () => {
  await using provider = await startMockProvider()

  const whole = await answerTo(provider, CHAT, hello)
  const response = await postJson(provider, CHAT, { ...hello, stream: true })
  const events = await eventsOf(response)
  const chunks = dataOf(events) as unknown as readonly {
    object: string
    choices: { delta: { role?: string; content?: string }; finish_reason: string | null }[]
  }[]

  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(events.at(-1)?.data).toBe('[DONE]')
  expect(chunks.length).toBeGreaterThan(5)
  expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
  expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true)
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  expect(whole).toMatchObject({ choices: [{ message: { content: text } }] })
  expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop'])
  expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
})

test('adds a last chunk with usage and no choices when the client asked for it', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, { ...hello, stream: true, stream_options: { include_usage: true } })
  const chunks = dataOf(await eventsOf(response))

  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
  expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
})

test('calls an offered tool with arguments its schema accepts, until the result is there', async () => {
  await using provider = await startMockProvider()
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'sunny' }

  const first = await answerTo(provider, CHAT, { ...hello, tools })
  const second = await answerTo(provider, CHAT, { ...hello, tools, messages: [...hello.messages, result] })

  expect(first).toMatchObject({
    choices: [
      {
        message: {
          content: null,
          tool_calls: [
            {
              id: expect.stringMatching(/^call_/),
              type: 'function',
              function: { name: 'get_weather', arguments: '{"city":"mock","unit":"c"}' },
            },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  })
  expect(second).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
})

test('streams a tool call: name first, then the arguments in pieces', async () => {
  await using provider = await startMockProvider()

  const chunks = dataOf(await eventsOf(await postJson(provider, CHAT, { ...hello, tools, stream: true })))
  const calls = chunks.flatMap(
    (chunk) =>
      (chunk as { choices: { delta: { tool_calls?: { index: number; id?: string; function: object }[] } }[] })
        .choices[0]?.delta.tool_calls ?? [],
  )

  expect(calls[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather', arguments: '' } })
  expect(
    calls
      .slice(1)
      .map((call) => (call.function as { arguments: string }).arguments)
      .join(''),
  ).toBe('{"city":"mock","unit":"c"}')
})

test.each([
  ['mock/text', { tools }, 'stop'],
  ['mock/echo', { tools, tool_choice: 'none' }, 'stop'],
  ['mock/echo', { tools, tool_choice: 'required' }, 'tool_calls'],
  ['mock/tool', {}, 'tool_calls'],
  ['mock/tool', { messages: [{ role: 'tool', content: 'sunny' }] }, 'tool_calls'],
])('%s with %j finishes with %s', async (model, more, finishReason) => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, CHAT, { ...hello, model, ...more })).toMatchObject({
    choices: [{ finish_reason: finishReason }],
  })
})

test('answers in JSON where a schema is asked for', async () => {
  await using provider = await startMockProvider()
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }

  const answer = await answerTo(provider, CHAT, {
    ...hello,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
  })

  expect(answer).toMatchObject({ choices: [{ message: { content: '{"ok":true}' } }] })
})

test('speaks the older completions too, whole and streamed', async () => {
  await using provider = await startMockProvider()
  const body = { model: 'mock/echo', prompt: 'Once' }

  const whole = await answerTo(provider, '/completions', body)
  const events = await eventsOf(await postJson(provider, '/completions', { ...body, stream: true }))

  expect(whole).toMatchObject({
    id: expect.stringMatching(/^cmpl-/),
    object: 'text_completion',
    choices: [{ text: expect.stringContaining('"Once"'), index: 0, logprobs: null, finish_reason: 'stop' }],
  })
  const text = dataOf(events).map((chunk) => (chunk as { choices: { text: string }[] }).choices[0]?.text)
  expect(whole).toMatchObject({ choices: [{ text: text.join('') }] })
  expect(events.at(-1)?.data).toBe('[DONE]')
})
