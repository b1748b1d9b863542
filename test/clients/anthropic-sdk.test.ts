import { anthropicProfile } from '@nemoclaw/provider-anthropic'
import { expect, test } from 'vitest'
import { TEST_SECRET } from '../proxy/start-test-proxy.js'
import { startClientBed } from './client-bed.js'
import { expectRouted } from './expect-routed.js'
import { runNodeClient } from './run-node-client.js'

const ANSWER = 'You asked: "What is the weather in Zürich?". I am the mock provider, and this is model mock/echo.'
const CREDENTIAL = ['x-api-key', TEST_SECRET] as const

interface ToolRound {
  readonly text: string
  readonly calls: readonly unknown[]
}

const { protocols, auth, defaultHeaders, passthroughHeaders } = anthropicProfile
const startBed = (model = 'mock/echo') => startClientBed({ model, protocols, auth, defaultHeaders, passthroughHeaders })

const run = <Result>(bed: Parameters<typeof runNodeClient>[0], scenario: string) =>
  runNodeClient<Result>(bed, 'anthropic-sdk.mjs', scenario)

test('anthropic: a message is answered by the route model with the real key', async () => {
  await using bed = await startBed()

  const { version, ...result } = await run<{ version: string }>(bed, 'message')

  expect(result).toEqual({ text: ANSWER, model: 'mock/echo', stopReason: 'end_turn', requested: 'claude-sonnet-5' })
  expectRouted(bed.provider.received[0], { url: '/v1/messages', credential: CREDENTIAL })
  expect(bed.provider.received[0]?.headers['anthropic-version']).toBe(version)
})

test('anthropic: a stream arrives piece by piece and ends with a stop reason', async () => {
  await using bed = await startBed('mock/slow-stream:20')

  const { text, final, spreadMs, stopReason } = await run<{
    text: string
    final: string
    spreadMs: number
    stopReason: string
  }>(bed, 'stream')

  expect(text).toBe(ANSWER.replace('mock/echo', 'mock/slow-stream:20'))
  expect(final).toBe(text)
  expect(stopReason).toBe('end_turn')
  expect(spreadMs).toBeGreaterThan(100)
  expectRouted(bed.provider.received[0], {
    url: '/v1/messages',
    model: 'mock/slow-stream:20',
    credential: CREDENTIAL,
  })
})

test('anthropic: tokens are counted, the query kept', async () => {
  await using bed = await startBed()

  expect(await run(bed, 'countTokens')).toEqual({ input_tokens: expect.any(Number) })
  expectRouted(bed.provider.received[0], { url: '/v1/messages/count_tokens?beta=true', credential: CREDENTIAL })
})

test('anthropic: a tool is called and its result brought back', async () => {
  await using bed = await startBed()

  expect(await run<ToolRound>(bed, 'tools')).toEqual({ calls: [{ city: 'Zürich' }], text: ANSWER })
  expect(bed.provider.received).toHaveLength(2)
  expectRouted(bed.provider.received[1], { url: '/v1/messages', credential: CREDENTIAL })
})

test('anthropic: the tool runner keeps its beta field', async () => {
  await using bed = await startBed()

  const { calls, text } = await run<ToolRound>(bed, 'toolRunner')

  expect(calls).toEqual([{ city: 'Zürich' }])
  // Only that it is the model's: from SDK 1.x on the runner leaves the question out of its second request, and
  // names the message it continues.
  expect(text).toContain('I am the mock provider')
  expect(bed.provider.received).toHaveLength(2)
  for (const received of bed.provider.received) {
    expectRouted(received, { url: '/v1/messages', credential: CREDENTIAL })
    expect(received.headers['anthropic-beta']).toContain('token-efficient-tools-2025-02-19')
  }
})

test('anthropic: a client that sends its dummy as a bearer token is served all the same', async () => {
  await using bed = await startBed()

  expect(await run(bed, 'bearer')).toEqual({ text: ANSWER })
  expectRouted(bed.provider.received[0], { url: '/v1/messages', credential: CREDENTIAL })
})

test('anthropic: the model list names the route model and asks no provider', async () => {
  await using bed = await startBed('route-model')

  expect(await run(bed, 'models')).toEqual({
    listed: [{ id: 'route-model', type: 'model', name: 'route-model' }],
    one: 'route-model',
  })
  expect(bed.provider.received).toEqual([])
})

test("anthropic: the provider's 429 is a RateLimitError with the provider's words", async () => {
  await using bed = await startBed('mock/429')

  expect(await run(bed, 'messageError')).toMatchObject({
    className: 'RateLimitError',
    status: 429,
    type: 'rate_limit_error',
    message: expect.stringContaining('Rate limit reached. Please try again later.'),
  })
})

test('anthropic: a provider that cannot be reached is an error with our words', async () => {
  await using bed = await startBed()
  await bed.provider[Symbol.asyncDispose]()

  expect(await run(bed, 'messageError')).toMatchObject({
    className: 'InternalServerError',
    status: 502,
    type: 'api_error',
    message: expect.stringContaining('upstream_connection_failed: '),
  })
})

test('anthropic: an endpoint that is not served is a PermissionDeniedError with the list of those that are', async () => {
  await using bed = await startBed()

  expect(await run(bed, 'batchList')).toMatchObject({
    className: 'PermissionDeniedError',
    status: 403,
    type: 'permission_error',
    message: expect.stringContaining('POST /v1/messages'),
  })
  expect(bed.provider.received).toEqual([])
})

test('anthropic: a model that is not offered is a NotFoundError', async () => {
  await using bed = await startBed()

  expect(await run(bed, 'unknownModel')).toMatchObject({
    className: 'NotFoundError',
    status: 404,
    message: expect.stringContaining('Offered: mock/echo'),
  })
})

test('anthropic: a stream that breaks throws our words', async () => {
  await using bed = await startBed('mock/reset-mid-stream+slow-stream:5')

  expect(await run(bed, 'brokenStream')).toMatchObject({
    message: expect.stringMatching(/The provider at http:.* broke off/),
  })
})
