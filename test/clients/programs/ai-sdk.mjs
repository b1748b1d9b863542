import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embed, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { dummyKey, errorOf, readStream, runScenario } from './run-scenario.mjs'

const provider = createOpenAICompatible({
  name: 'nemoclaw',
  apiKey: dummyKey,
  baseURL: 'https://inference.local/v1',
  includeUsage: true,
  supportsStructuredOutputs: true,
})
const question = { model: provider('any-model'), prompt: 'What is the weather in Zürich?', maxRetries: 0 }
const city = jsonSchema({
  type: 'object',
  properties: { city: { type: 'string', enum: ['Zürich'] } },
  required: ['city'],
  additionalProperties: false,
})

await runScenario({
  async generateText() {
    const { text, finishReason, usage } = await generateText(question)
    return { text, finishReason, outputTokens: usage.outputTokens }
  },

  async streamText() {
    const result = streamText(question)
    const read = await readStream(result.textStream, (text) => text)
    return { ...read, finishReason: await result.finishReason, outputTokens: (await result.usage).outputTokens }
  },

  async tools() {
    const calls = []
    const execute = async (input) => {
      calls.push(input)
      return 'sunny'
    }
    const { text } = await generateText({
      ...question,
      stopWhen: stepCountIs(3),
      tools: { get_weather: tool({ description: 'Weather of a city.', inputSchema: city, execute }) },
    })
    return { text, calls }
  },

  generateObject: async () => (await generateObject({ ...question, schema: city })).object,
  embed: async () => (await embed({ model: provider.embeddingModel('any-model'), value: 'one' })).embedding.length,
  error: () => errorOf(() => generateText(question)),

  async brokenStream() {
    const errors = []
    const result = streamText({ ...question, onError: ({ error }) => errors.push(error.message) })
    // Our error event comes as an event; the connection that is cut behind it ends the stream with an error of its own.
    const ending = await errorOf(() => readStream(result.textStream, (text) => text))
    return { errors, ending: ending.message }
  },
})
