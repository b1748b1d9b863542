import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { exchangeInside, jsonRequest, startTestProxy, TEST_SECRET } from './start-test-proxy.js'

test('sends the route model and credential instead of the client ones, and every other byte as it came', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })
  const content =
    '{ "seed": 9223372036854775807, "model" : "gpt-4o", "messages": [{"role":"user","content":"h\\u00e9"}] }'

  const response = await exchangeInside(
    proxy,
    jsonRequest('/v1/chat/completions', content, ['Authorization: Bearer sk-from-the-sandbox', 'X-Api-Key: sk-too']),
  )

  expect(response).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(response).toMatch(/\r\nx-nemoclaw-model-requested: gpt-4o\r\n/)
  expect(response).toMatch(/\r\nx-nemoclaw-model-served: mock\/echo\r\n/)
  const [received] = provider.received
  expect(received?.content.toString()).toBe(content.replace('gpt-4o', 'mock/echo'))
  expect(received?.headers['authorization']).toBe(`Bearer ${TEST_SECRET}`)
  expect(received?.headers['x-api-key']).toBeUndefined()
})

test('streams events as the provider sends them', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  const response = await exchangeInside(
    proxy,
    jsonRequest('/v1/chat/completions', { model: 'x', stream: true, messages: [{ role: 'user', content: 'hello' }] }),
  )

  expect(response).toContain('content-type: text/event-stream')
  expect(response).toContain('data: [DONE]')
})
