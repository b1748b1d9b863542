import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { dummyKey, errorOf, readStream, runScenario } from './run-scenario.mjs'

const client = new Anthropic({ apiKey: dummyKey, baseURL: 'https://inference.local', maxRetries: 0 })
const question = {
  model: 'claude-sonnet-5',
  max_tokens: 256,
  messages: [{ role: 'user', content: 'What is the weather in Zürich?' }],
}
const weather = {
  name: 'get_weather',
  description: 'Weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string', enum: ['Zürich'] } }, required: ['city'] },
}

await runScenario({
  async message() {
    let version
    const noting = client.withOptions({
      fetch(url, init) {
        version = init.headers.get('anthropic-version')
        return fetch(url, init)
      },
    })
    const { data, response } = await noting.messages.create(question).withResponse()
    return {
      text: data.content[0].text,
      model: data.model,
      stopReason: data.stop_reason,
      version,
      requested: response.headers.get('x-nemoclaw-model-requested'),
    }
  },

  async stream() {
    const stream = client.messages.stream(question)
    const read = await readStream(stream, (event) => (event.type === 'content_block_delta' ? event.delta.text : ''))
    const { content, stop_reason: stopReason } = await stream.finalMessage()
    return { ...read, final: content[0].text, stopReason }
  },

  async countTokens() {
    const { max_tokens: _, ...counted } = question
    return client.messages.countTokens(counted, { query: { beta: true } })
  },

  async tools() {
    const asked = await client.messages.create({ ...question, tools: [weather] })
    const call = asked.content.find(({ type }) => type === 'tool_use')
    const result = { type: 'tool_result', tool_use_id: call.id, content: 'sunny' }
    const told = await client.messages.create({
      ...question,
      tools: [weather],
      messages: [
        ...question.messages,
        { role: 'assistant', content: asked.content },
        { role: 'user', content: [result] },
      ],
    })
    return { calls: [call.input], text: told.content[0].text }
  },

  async toolRunner() {
    const calls = []
    const { name, description, input_schema: inputSchema } = weather
    const run = (input) => {
      calls.push(input)
      return 'sunny'
    }
    const final = await client.beta.messages.toolRunner({
      ...question,
      stream: false,
      betas: ['token-efficient-tools-2025-02-19'],
      tools: [betaTool({ name, description, inputSchema, run })],
    })
    return { calls, text: final.content[0].text }
  },

  async bearer() {
    const bearer = new Anthropic({ apiKey: null, authToken: dummyKey, baseURL: 'https://inference.local' })
    return { text: (await bearer.messages.create(question)).content[0].text }
  },

  async models() {
    const listed = []
    for await (const { id, type, display_name: name } of client.models.list()) {
      listed.push({ id, type, name })
    }
    return { listed, one: (await client.models.retrieve('route-model')).id }
  },

  messageError: () => errorOf(() => client.messages.create(question)),
  unknownModel: () => errorOf(() => client.models.retrieve('no-such-model')),
  batchList: () => errorOf(() => client.messages.batches.list()),
  brokenStream: () => errorOf(() => client.messages.stream(question).finalMessage()),

  async ownDispatcher() {
    const { EnvHttpProxyAgent } = await import('undici')
    const own = client.withOptions({ fetchOptions: { dispatcher: new EnvHttpProxyAgent() } })
    return { text: (await own.messages.create(question)).content[0].text }
  },
})
