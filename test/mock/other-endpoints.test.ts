import { type MockProvider, startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { answerTo, dataOf, eventsOf, postJson } from './ask-mock.js'

test('embeds texts, as numbers or as base64 of the same numbers', async () => {
  await using provider = await startMockProvider()
  const body = { model: 'mock/echo', input: ['one', 'two', 'one'], dimensions: 40 }

  const { data, ...rest } = (await answerTo(provider, '/embeddings', body)) as unknown as Embeddings
  const packed = (await answerTo(provider, '/embeddings', { ...body, encoding_format: 'base64' })) as unknown as {
    data: { embedding: string }[]
  }

  expect(rest).toEqual({ object: 'list', model: 'mock/echo', usage: { prompt_tokens: 3, total_tokens: 3 } })
  expect(data.map(({ index }) => index)).toEqual([0, 1, 2])
  expect(data[0]?.embedding).toHaveLength(40)
  expect(data[0]?.embedding).toEqual(data[2]?.embedding)
  expect(data[0]?.embedding).not.toEqual(data[1]?.embedding)
  expect(data[0]?.embedding.slice(32)).not.toEqual(data[0]?.embedding.slice(0, 8))
  const bytes = Buffer.from(packed.data[0]!.embedding, 'base64')
  expect(Array.from({ length: 40 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(data[0]?.embedding)
})

test('moderates, and flags a text when it is about violence', async () => {
  await using provider = await startMockProvider()

  expect(await answerTo(provider, '/moderations', { input: ['peace', 'violence'] })).toMatchObject({
    id: expect.stringMatching(/^modr-/),
    results: [
      { flagged: false, categories: { violence: false, 'self-harm/intent': false } },
      { flagged: true, categories: { violence: true }, category_applied_input_types: { violence: ['text'] } },
    ],
  })
})

test('ranks documents by words in common with the query, best first', async () => {
  await using provider = await startMockProvider()
  const documents = ['a cat', { text: 'the red dog runs' }, 'the dog']

  const answer = await answerTo(provider, '/rerank', { model: 'mock/echo', query: 'red dog', documents, top_n: 2 })

  expect(answer).toMatchObject({
    results: [
      { index: 1, relevance_score: 1, document: { text: 'the red dog runs' } },
      { index: 2, relevance_score: 0.5 },
    ],
  })
})

test('speaks: a playable WAV, or events', async () => {
  await using provider = await startMockProvider()
  const body = { model: 'mock/echo', input: 'Hello there', voice: 'alloy' }

  const wav = await postJson(provider, '/audio/speech', { ...body, response_format: 'wav' })
  const mp3 = await postJson(provider, '/audio/speech', body)
  const events = dataOf(await eventsOf(await postJson(provider, '/audio/speech', { ...body, stream_format: 'sse' })))

  const bytes = Buffer.from(await wav.arrayBuffer())
  expect(wav.headers.get('content-type')).toBe('audio/wav')
  expect(bytes.subarray(0, 4).toString()).toBe('RIFF')
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  expect(mp3.headers.get('content-type')).toBe('audio/mpeg')
  expect(events.at(-1)).toMatchObject({ type: 'speech.audio.done' })
  expect(events[0]).toMatchObject({ type: 'speech.audio.delta', audio: expect.any(String) })
})

test('transcribes and translates an upload, naming the file', async () => {
  await using provider = await startMockProvider()

  const transcript = await (await postAudio(provider, 'transcriptions')).json()
  const translation = await (await postAudio(provider, 'translations', { response_format: 'verbose_json' })).json()
  const subtitles = await (await postAudio(provider, 'transcriptions', { response_format: 'srt' })).text()
  const events = await eventsOf(await postAudio(provider, 'transcriptions', { stream: 'true' }))

  expect(transcript).toMatchObject({ text: expect.stringContaining('"a b.wav", 4 bytes'), usage: { type: 'tokens' } })
  expect(translation).toMatchObject({ task: 'translate', language: 'english', segments: [{ id: 0 }] })
  expect(subtitles).toMatch(/^1\n00:00:00,000 --> /)
  expect(dataOf(events).at(-1)).toMatchObject({
    type: 'transcript.text.done',
    text: (transcript as { text: string }).text,
  })
})

test('makes, edits and varies images', async () => {
  await using provider = await startMockProvider()
  const form = new FormData()
  form.append('image', new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' }), 'a.png')
  form.append('prompt', 'a hat')

  const made = await answerTo(provider, '/images/generations', { prompt: 'a cat', n: 2 })
  const linked = await answerTo(provider, '/images/generations', { prompt: 'a cat', response_format: 'url' })
  const events = await eventsOf(
    await postJson(provider, '/images/generations', { prompt: 'a cat', stream: true, partial_images: 1 }),
  )
  const edited = await (await fetch(`${provider.url}/images/edits`, { method: 'POST', body: form })).json()
  const varied = await fetch(`${provider.url}/images/variations`, { method: 'POST', body: form })

  const png = { b64_json: expect.stringMatching(/^iVBORw0KGgo/) }
  expect(made).toMatchObject({ created: expect.any(Number), data: [png, png], output_format: 'png' })
  expect(linked).toMatchObject({ data: [{ url: expect.stringMatching(/^https:/) }] })
  expect(events.map(({ event }) => event)).toEqual(['image_generation.partial_image', 'image_generation.completed'])
  expect(edited).toMatchObject({ data: [png] })
  expect(varied.status).toBe(200)
})

test('lists its models to the clients of both vendors, each in its shape', async () => {
  await using provider = await startMockProvider()
  const list = async (headers: Record<string, string>) => (await fetch(`${provider.url}/models`, { headers })).json()

  const openai = (await list({})) as { data: { id: string }[] }
  const anthropic = (await list({ 'anthropic-version': '2023-06-01' })) as { data: { id: string }[] }

  expect(openai).toMatchObject({
    object: 'list',
    data: expect.arrayContaining([{ id: 'mock/429', object: 'model', created: 1_735_689_600, owned_by: 'mock' }]),
  })
  expect(anthropic).toMatchObject({ has_more: false, first_id: 'mock/echo', last_id: anthropic.data.at(-1)!.id })
  expect(anthropic.data[0]).toMatchObject({ type: 'model', id: 'mock/echo', display_name: expect.any(String) })
  expect(anthropic.data.map(({ id }) => id)).toEqual(openai.data.map(({ id }) => id))
})

test.each(['mock/echo', 'mock%2Fecho', 'mock/429:7', 'mock/gzip+slow-stream:5'])('shows the model %s', async (id) => {
  await using provider = await startMockProvider()

  const response = await fetch(`${provider.url}/models/${id}`)

  expect(await response.json()).toMatchObject({ id: decodeURIComponent(id), object: 'model' })
})

test.each([
  ['GET', '/models/mock/nope', 404, 'model_not_found'],
  ['GET', '/models/gpt-4o', 404, 'model_not_found'],
  ['GET', '/chat/completions', 405, 'method_not_supported'],
  ['POST', '/models', 405, 'method_not_supported'],
  ['POST', '/nope', 404, null],
  ['POST', '/v1/chat/completions', 404, null],
  ['POST', '/chat/completions/', 404, null],
])('%s /v1%s is %i', async (method, path, status, code) => {
  await using provider = await startMockProvider()

  const response = await fetch(`${provider.url}${path}`, { method, ...(method === 'POST' && { body: '{}' }) })

  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { code } })
})

test('refuses content that is no JSON object, and one without what it needs', async () => {
  await using provider = await startMockProvider()
  const post = (body: string) => fetch(`${provider.url}/chat/completions`, { method: 'POST', body })

  const answers = await Promise.all(['', '[]', '{"model":', '"x"', '{"model":"x"}'].map(post))

  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
  expect(await answers.at(-1)?.json()).toEqual({
    error: {
      message: "Missing required parameter: 'messages'.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'missing_required_parameter',
    },
  })
})

interface Embeddings {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[]
}

function postAudio(
  { url }: MockProvider,
  task: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(4)]), 'a b.wav')
  form.append('model', 'mock/echo')
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, value)
  }
  return fetch(`${url}/audio/${task}`, { method: 'POST', body: form })
}
