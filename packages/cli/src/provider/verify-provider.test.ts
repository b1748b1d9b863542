import { Readable } from 'node:stream'
import { Credential, type ResolvedRoute } from '@nemoclaw/proxy-core/control-plane'
import nock from 'nock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyProvider } from './verify-provider.js'

const ORIGIN = 'https://api.example.com'
const KEY = 'sk-verify-me-12345678'
const route: ResolvedRoute = {
  source: 'configured',
  providerName: 'nv',
  providerType: 'example',
  baseUrl: `${ORIGIN}/v1`,
  protocols: [
    'openai_chat_completions',
    'openai_responses',
    'anthropic_messages',
    'openai_embeddings',
    'model_discovery',
  ],
  model: 'some/model',
  auth: { kind: 'bearer' },
  credential: new Credential(KEY),
  defaultHeaders: [['x-default', 'd']],
  passthroughHeaders: [],
  extraHeaders: [['X-Team', 't']],
  timeouts: { connectTimeoutMs: 1000, firstByteTimeoutMs: 1000, idleTimeoutMs: 1000 },
  serverTools: 'allow',
}
const verify = (overrides: Partial<ResolvedRoute> = {}, timeoutMs = 5_000) =>
  verifyProvider({ ...route, ...overrides }, { extraRoots: [], userAgent: 'nemoclaw/test', secrets: [KEY], timeoutMs })

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.abortPendingRequests()
  nock.cleanAll()
  nock.enableNetConnect()
})

test("one small chat request with the route's credential and fields is enough", async () => {
  const scope = nock(ORIGIN, {
    reqheaders: { authorization: `Bearer ${KEY}`, 'x-default': 'd', 'x-team': 't', 'user-agent': 'nemoclaw/test' },
  })
    .post('/v1/chat/completions', {
      model: 'some/model',
      messages: [{ role: 'user', content: 'ping' }],
      max_tokens: 32,
    })
    .reply(200, { choices: [] })

  expect(await verify()).toEqual({
    verdict: 'verified',
    endpoints: [{ url: `${ORIGIN}/v1/chat/completions`, protocol: 'openai_chat_completions' }],
  })
  expect(scope.isDone()).toBe(true)
})

test('/v1 is joined once where the base URL has none', async () => {
  nock(ORIGIN).post('/api/v1/chat/completions').reply(200, {})

  expect(await verify({ baseUrl: `${ORIGIN}/api` })).toMatchObject({
    endpoints: [{ url: `${ORIGIN}/api/v1/chat/completions` }],
  })
})

test('a model that wants max_completion_tokens is asked again in its own words', async () => {
  nock(ORIGIN)
    .post('/v1/chat/completions', (content) => 'max_tokens' in content)
    .reply(400, { error: { message: 'use the other' } })
  nock(ORIGIN)
    .post('/v1/chat/completions', (content) => content.max_completion_tokens === 32)
    .reply(200, {})

  expect(await verify()).toMatchObject({ verdict: 'verified' })
})

test.each([400, 404, 405, 422])('after %i the next protocol is tried', async (status) => {
  nock(ORIGIN).post('/v1/chat/completions').times(2).reply(status, {})
  nock(ORIGIN).post('/v1/responses', { model: 'some/model', input: 'ping', max_output_tokens: 32 }).reply(200, {})

  expect(await verify()).toMatchObject({ endpoints: [{ protocol: 'openai_responses' }] })
})

test('an embedding model is found by its own protocol', async () => {
  nock(ORIGIN).post('/v1/chat/completions').times(2).reply(404, {})
  nock(ORIGIN).post('/v1/responses').reply(404, {})
  nock(ORIGIN).post('/v1/messages').reply(404, {})
  nock(ORIGIN)
    .post('/v1/embeddings', (content) => !('input_type' in content))
    .reply(422, {})
  nock(ORIGIN)
    .post('/v1/embeddings', { model: 'some/model', input: ['ping'], input_type: 'query' })
    .reply(200, {})

  expect(await verify()).toMatchObject({ endpoints: [{ protocol: 'openai_embeddings' }] })
})

test("the provider's own key field is used", async () => {
  nock(ORIGIN, { reqheaders: { 'x-api-key': KEY }, badheaders: ['authorization'] })
    .post('/v1/messages')
    .reply(200, {})

  expect(
    await verify({ protocols: ['anthropic_messages'], auth: { kind: 'header', name: 'x-api-key' } }),
  ).toMatchObject({
    verdict: 'verified',
  })
})

test.each([
  [401, 'credential_rejected'],
  [403, 'credential_rejected'],
  [429, 'rate_limited'],
  [500, 'provider_failed'],
  [502, 'provider_failed'],
  [504, 'provider_failed'],
])('%i is final: asked once, not again and not elsewhere', async (status, failureClass) => {
  const scope = nock(ORIGIN).post('/v1/chat/completions').reply(status, {}, { 'retry-after': '0' })

  expect(await verify()).toMatchObject({ verdict: 'failed', class: failureClass })
  expect(scope.isDone()).toBe(true)
})

test.each([301, 302, 303, 307, 308])('a %i is not followed: the credential stays here', async (status) => {
  nock(ORIGIN)
    .post('/v1/chat/completions')
    .reply(status, '', { location: 'https://evil.example.org/v1/chat/completions' })
  const elsewhere = nock('https://evil.example.org').post('/v1/chat/completions').reply(200, {})
  const elsewhereAsGet = nock('https://evil.example.org').get('/v1/chat/completions').reply(200, {})

  expect(await verify()).toMatchObject({ verdict: 'failed', class: 'redirected' })
  expect(elsewhere.isDone() || elsewhereAsGet.isDone()).toBe(false)
})

test('what the provider said is quoted without the key', async () => {
  nock(ORIGIN)
    .post('/v1/chat/completions')
    .reply(401, { error: { message: `Incorrect API key provided: ${KEY}; sk-ver***5678.` } })

  const verification = await verify()

  expect(JSON.stringify(verification)).toContain('Incorrect API key provided')
  expect(JSON.stringify(verification)).not.toMatch(/sk-ver|5678/)
})

test('when no protocol fits, the first answer is the one to tell', async () => {
  nock(ORIGIN)
    .post('/v1/chat/completions')
    .times(2)
    .reply(404, { error: { message: 'no such model' } })
  nock(ORIGIN)
    .post('/v1/responses')
    .reply(405, { error: { message: 'other' } })

  expect(await verify({ protocols: ['openai_chat_completions', 'openai_responses'] })).toMatchObject({
    class: 'request_rejected',
    sentence: "the provider serves model 'some/model' by none of its protocols (404): no such model",
  })
})

test('a page instead of JSON is no provider', async () => {
  nock(ORIGIN).post('/v1/chat/completions').reply(200, '<html>Sign in to the network</html>')

  expect(await verify()).toMatchObject({ class: 'unexpected_answer' })
})

test('an endless answer is cut off rather than waited for', async () => {
  const endless = new Readable({
    read() {
      setImmediate(() => this.push('x'.repeat(1024)))
    },
  })
  nock(ORIGIN)
    .post('/v1/chat/completions')
    .reply(200, () => endless)

  expect(await verify()).toMatchObject({ class: 'unexpected_answer' })
  endless.destroy()
})

test('silence ends at the limit', async () => {
  nock(ORIGIN).post('/v1/chat/completions').delay(10_000).reply(200, {})

  const startedAt = Date.now()
  expect(await verify({}, 300)).toMatchObject({ class: 'timed_out' })
  expect(Date.now() - startedAt).toBeLessThan(8_000)
})

test('a lost connection is told without the request', async () => {
  nock(ORIGIN)
    .post('/v1/chat/completions')
    .replyWithError(Object.assign(new Error(`boom ${KEY}`), { code: 'ECONNRESET' }))

  const verification = await verify()

  expect(verification).toMatchObject({ class: 'unreachable' })
  expect(JSON.stringify(verification)).not.toContain(KEY)
})

test('a metadata address is not asked', async () => {
  const scope = nock('http://169.254.169.254').post('/v1/chat/completions').reply(200, {})

  expect(await verify({ baseUrl: 'http://169.254.169.254/v1' })).toMatchObject({ class: 'address_refused' })
  expect(scope.isDone()).toBe(false)
})

test('a provider with nothing cheap to ask says so', async () => {
  expect(await verify({ protocols: ['openai_images', 'model_discovery'] })).toMatchObject({ class: 'nothing_to_ask' })
})
