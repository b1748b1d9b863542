import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { answerTo, dataOf, eventsOf, postJson } from './ask-mock.js'

const hello = { model: 'mock/echo', input: 'Hello?' }
const tools = [
  {
    type: 'function',
    name: 'shell',
    strict: true,
    parameters: {
      type: 'object',
      properties: { command: { type: 'array', items: { type: 'string' } } },
      required: ['command'],
    },
  },
]

test('repeats the question, in the shape of a response', async () => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, '/responses', hello)).toMatchObject({
    id: expect.stringMatching(/^resp_/),
    object: 'response',
    status: 'completed',
    error: null,
    output: [
      {
        id: expect.stringMatching(/^msg_/),
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: expect.stringContaining('You asked: "Hello?"'), annotations: [] }],
      },
    ],
    usage: { input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
  })
})

test('reads the question from a list of items', async () => {
  await using provider = await startMockProvider()
  const input = [
    { role: 'user', content: 'Earlier' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Later' }] },
  ]

  expect(JSON.stringify(await answerTo(provider, '/responses', { ...hello, input }))).toContain(
    'You asked: \\"Later\\"',
  )
})

test('streams every event of a response, numbered without a gap', async () => {
  await using provider = await startMockProvider()

  const whole = await answerTo(provider, '/responses', hello)
  const events = await eventsOf(await postJson(provider, '/responses', { ...hello, stream: true }))
  const data = dataOf(events)

  expect(data.map(({ type }) => type)).toEqual(events.map(({ event }) => event))
  expect(data.map((event) => event['sequence_number'])).toEqual(data.map((_, index) => index))
  expect(data.map(({ type }) => type).filter((type) => type !== 'response.output_text.delta')).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ])
  expect(data[0]).toMatchObject({ response: { status: 'in_progress', output: [], usage: null } })
  expect(data.at(-1)).toMatchObject({ response: { status: 'completed', output: [{ status: 'completed' }] } })
  const text = data.map((event) => (event['delta'] as string | undefined) ?? '').join('')
  expect(whole).toMatchObject({ output: [{ content: [{ text }] }] })
})

test('calls a function, whole and streamed, until its output is there', async () => {
  await using provider = await startMockProvider()
  const withOutput = [
    { role: 'user', content: 'ls' },
    { type: 'function_call_output', call_id: 'call_1', output: 'a b' },
  ]

  const whole = await answerTo(provider, '/responses', { ...hello, tools })
  const data = dataOf(await eventsOf(await postJson(provider, '/responses', { ...hello, tools, stream: true })))
  const second = await answerTo(provider, '/responses', { ...hello, tools, input: withOutput })

  const call = { type: 'function_call', name: 'shell', arguments: '{"command":[]}', status: 'completed' }
  expect(whole).toMatchObject({ output: [call] })
  expect(data.at(-1)).toMatchObject({ type: 'response.completed', response: { output: [call] } })
  expect(data.find(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject({
    name: 'shell',
    arguments: '{"command":[]}',
  })
  expect(second).toMatchObject({ output: [{ type: 'message' }] })
})
