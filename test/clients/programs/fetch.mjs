import { dummyKey, readStream, runScenario } from './run-scenario.mjs'

const decoder = new TextDecoder()

await runScenario({
  async chat() {
    const response = await ask(fetch, { model: 'any-model', messages: [{ role: 'user', content: 'Hello' }] })
    return { status: response.status, answer: await response.json() }
  },

  async stream() {
    const response = await ask(fetch, {
      model: 'any-model',
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    })
    return readStream(response.body, (chunk) => decoder.decode(chunk, { stream: true }))
  },

  /** undici's own fetch, told in code instead of a preload. */
  async undici() {
    const { EnvHttpProxyAgent, fetch: undiciFetch } = await import('undici')
    const dispatcher = new EnvHttpProxyAgent()
    const response = await ask((url, init) => undiciFetch(url, { ...init, dispatcher }), {
      model: 'any-model',
      messages: [{ role: 'user', content: 'Hello' }],
    })
    return { status: response.status, answer: await response.json() }
  },

  async failure() {
    try {
      await ask(fetch, {})
    } catch ({ cause }) {
      return { code: cause.code }
    }
    throw new Error('it did not fail')
  },
})

function ask(fetch, content) {
  return fetch('https://inference.local/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${dummyKey}` },
    body: JSON.stringify(content),
  })
}
