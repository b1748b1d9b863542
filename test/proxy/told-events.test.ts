import { inspect } from 'node:util'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { DEFAULT_ROUTE_TIMEOUTS } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { converse } from '../bad-input/converse.js'
import { goodRequest } from '../bad-input/expect-refused.js'
import { post } from '../bad-input/post.js'
import { startTestProxy, TEST_SECRET } from './start-test-proxy.js'

const CLIENT_SECRET = 'sk-of-the-client'
const CONTENT_SECRET = 'what-the-user-asked'
const TOKEN = 'tk-of-the-session'

const MODELS = [
  ...[
    'mock/echo',
    'mock/echo-credential',
    'mock/reset',
    'mock/close',
    'mock/hang',
    'mock/not-http',
    'mock/401',
    'mock/500',
  ],
  ...[
    'mock/redirect',
    'mock/reset-mid-stream',
    'mock/close-mid-chunk',
    'mock/conflicting-framing',
    'mock/huge-head:1000000',
  ],
]

test('no event holds a secret of the route, of the client, of the session, or content, however it ended', async () => {
  await using provider = await startMockProvider()
  const access = { tokens: [{ token: TOKEN }], trustOwnUser: true }
  const fields = [`Authorization: Bearer ${CLIENT_SECRET}`, `X-Api-Key: ${CLIENT_SECRET}`, `Cookie: ${CLIENT_SECRET}`]
  const told: unknown[] = []

  for (const model of MODELS) {
    const timeouts = { ...DEFAULT_ROUTE_TIMEOUTS, firstByteTimeoutMs: 300 }
    await using proxy = await startTestProxy({ baseUrl: provider.url, model, timeouts }, { access })
    const content = JSON.stringify({ model: 'x', stream: true, messages: [{ role: 'user', content: CONTENT_SECRET }] })
    await converse(proxy, 'tunnel', post(content, { fields }))
    told.push(...proxy.events)
  }
  await using proxy = await startTestProxy({ baseUrl: provider.url }, { access })
  const authorization = `Proxy-Authorization: Bearer ${TOKEN}\r\nAuthorization: Bearer ${CLIENT_SECRET}\r\n`
  for (const bytes of [
    `CONNECT evil.com:443 HTTP/1.1\r\n${authorization}\r\n`,
    `CONNECT u:${CLIENT_SECRET}@evil.com:443 HTTP/1.1\r\n${authorization}\r\n`,
    `GET http://u:${CLIENT_SECRET}@evil.com/?key=${CLIENT_SECRET} HTTP/1.1\r\n${authorization}\r\n`,
    `GET / HTTP/1.1\r\n${authorization}bad header\r\n\r\n`,
  ]) {
    await converse(proxy, 'proxy port', bytes)
  }
  for (const bytes of [
    goodRequest(...fields, 'bad header'),
    goodRequest(...fields).replace('/v1/chat/completions', `/v1/chat/completions?api_key=${CLIENT_SECRET}`),
    goodRequest(...fields).replace('/v1/chat/completions', `https://u:${CLIENT_SECRET}@inference.local/v1/x`),
    post(`{"model":"x" ${CONTENT_SECRET}`, { fields }),
  ]) {
    await converse(proxy, 'tunnel', bytes)
  }
  told.push(...proxy.events)

  expect(told.length).toBeGreaterThan(MODELS.length + 8)
  const text = JSON.stringify(told) + inspect(told, { depth: null, showHidden: true })
  for (const secret of [TEST_SECRET, CLIENT_SECRET, CONTENT_SECRET, TOKEN]) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('base64'))
  }
})

test('an exchange is told with what became of it', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  await converse(proxy, 'tunnel', goodRequest('Connection: close'))

  expect(proxy.events).toEqual([
    {
      kind: 'egress',
      id: expect.any(String),
      method: 'CONNECT',
      target: 'inference.local:443',
      host: 'inference.local',
      port: 443,
      action: 'intercept',
    },
    expect.objectContaining({
      kind: 'exchange',
      method: 'POST',
      path: '/v1/chat/completions',
      protocol: 'openai_chat_completions',
      modelRequested: 'any',
      modelServed: 'mock/echo',
      provider: 'test-provider',
      status: 200,
      attempts: 1,
      outcome: 'complete',
      requestBytes: 29,
      responseBytes: expect.any(Number),
      firstByteMs: expect.any(Number),
      totalMs: expect.any(Number),
    }),
  ])
})
