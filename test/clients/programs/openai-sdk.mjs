import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import OpenAI, { toFile } from 'openai'
import { dummyKey, errorOf, readStream, runScenario } from './run-scenario.mjs'

const client = new OpenAI({ apiKey: dummyKey, baseURL: 'https://inference.local/v1', maxRetries: 0 })
const model = 'gpt-5'
const messages = [{ role: 'user', content: 'What is the weather in Zürich?' }]
const weather = {
  name: 'get_weather',
  description: 'Weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Zürich'] } }, required: ['city'] },
}

await runScenario({
  async chat() {
    const { data, response } = await client.chat.completions.create({ model, messages }).withResponse()
    return {
      text: data.choices[0].message.content,
      model: data.model,
      requested: response.headers.get('x-nemoclaw-model-requested'),
      served: response.headers.get('x-nemoclaw-model-served'),
    }
  },

  async chatStream() {
    let usage
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const read = await readStream(stream, (chunk) => {
      usage = chunk.usage ?? usage
      return chunk.choices[0]?.delta.content
    })
    return { ...read, usage }
  },

  async chatTools() {
    const calls = []
    const runner = client.chat.completions.runTools({
      model,
      messages,
      tools: [{ type: 'function', function: { ...weather, parse: JSON.parse, function: tool(calls) } }],
    })
    return { text: await runner.finalContent(), calls }
  },

  async chatToolsStream() {
    const calls = []
    const runner = client.chat.completions.runTools({
      model,
      messages,
      stream: true,
      tools: [{ type: 'function', function: { ...weather, parse: JSON.parse, function: tool(calls) } }],
    })
    return { text: await runner.finalContent(), calls }
  },

  async responses() {
    const response = await client.responses.create({ model, input: 'Hello' })
    return { text: response.output_text, status: response.status, model: response.model }
  },

  async responsesStream() {
    const stream = client.responses.stream({ model, input: 'Hello' })
    const read = await readStream(stream, (event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
    return { ...read, final: (await stream.finalResponse()).output_text }
  },

  async responsesTools() {
    const tools = [{ type: 'function', strict: true, ...weather }]
    const input = [...messages]
    const asked = await client.responses.create({ model, input, tools })
    const call = asked.output.find(({ type }) => type === 'function_call')
    const calls = [JSON.parse(call.arguments)]
    input.push(call, { type: 'function_call_output', call_id: call.call_id, output: 'sunny' })
    return { text: (await client.responses.create({ model, input, tools })).output_text, calls }
  },

  async embeddings() {
    const input = ['one', 'two']
    // The SDK asks for base64 by itself and decodes it.
    const decoded = await client.embeddings.create({ model, input })
    const floats = await client.embeddings.create({ model, input, encoding_format: 'float' })
    return { decoded: decoded.data.map((item) => item.embedding), floats: floats.data.map((item) => item.embedding) }
  },

  async imageEdit() {
    const image = await toFile(binary(), 'otter.png', { type: 'image/png' })
    const mask = await toFile(binary(), 'mask.png', { type: 'image/png' })
    const edited = await client.images.edit({ model, image: [image, image], mask, prompt: 'Give it a hat' })
    return { sha256: sha256(binary()), images: edited.data.length, png: edited.data[0].b64_json }
  },

  async transcription() {
    const file = await toFile(binary(), 'speech.wav', { type: 'audio/wav' })
    return {
      sha256: sha256(binary()),
      json: (await client.audio.transcriptions.create({ model, file })).text,
      text: await client.audio.transcriptions.create({ model, file, response_format: 'text' }),
    }
  },

  async transcriptionStream() {
    const file = await toFile(binary(), 'speech.wav', { type: 'audio/wav' })
    const stream = await client.audio.transcriptions.create({ model, file, stream: true })
    return readStream(stream, (event) => (event.type === 'transcript.text.delta' ? event.delta : ''))
  },

  async speech() {
    const speech = await client.audio.speech.create({
      model,
      voice: 'alloy',
      input: 'one two three',
      response_format: 'wav',
    })
    const audio = Buffer.from(await speech.arrayBuffer())
    return { type: speech.headers.get('content-type'), head: audio.toString('latin1', 0, 4), bytes: audio.length }
  },

  async abort() {
    const stream = await client.chat.completions.create({ model, messages, stream: true })
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        break
      }
    }
    const abortedAtMs = Date.now()
    stream.controller.abort()
    // Long enough that it is not the end of this process which the provider sees.
    await setTimeout(1_500)
    return { abortedAtMs }
  },

  async models() {
    const listed = []
    for await (const { id, owned_by } of client.models.list()) {
      listed.push({ id, owned_by })
    }
    return { listed, one: (await client.models.retrieve('route-model')).id }
  },

  unknownModel: () => errorOf(() => client.models.retrieve('no-such-model')),
  chatError: () => errorOf(() => client.chat.completions.create({ model, messages })),
  fileList: () => errorOf(() => client.files.list()),
  modelOfNoString: () => errorOf(() => client.chat.completions.create({ model: 7, messages })),
  brokenStream: () =>
    errorOf(async () => {
      const stream = await client.chat.completions.create({ model, messages, stream: true })
      for await (const _ of stream) {
        // Only its end matters.
      }
    }),

  async retried() {
    const patient = client.withOptions({ maxRetries: 2 })
    const startedAtMs = performance.now()
    const { choices } = await patient.chat.completions.create({ model, messages })
    return { text: choices[0].message.content, waitedMs: performance.now() - startedAtMs }
  },

  async ownDispatcher() {
    const { EnvHttpProxyAgent } = await import('undici')
    const own = client.withOptions({ fetchOptions: { dispatcher: new EnvHttpProxyAgent() } })
    const { choices } = await own.chat.completions.create({ model, messages })
    return { text: choices[0].message.content }
  },
})

function tool(calls) {
  return (parameters) => {
    calls.push(parameters)
    return 'sunny'
  }
}

/** Bytes that a text encoding or a careless multipart parser would spoil. */
function binary() {
  return Buffer.concat([
    Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
    Buffer.from('\r\n--x\r\n\r\n\0'),
  ])
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
