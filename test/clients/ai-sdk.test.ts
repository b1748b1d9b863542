import { expect, test } from 'vitest'
import { startClientBed } from './client-bed.js'
import { expectRouted } from './expect-routed.js'
import { runNodeClient } from './run-node-client.js'

const ANSWER = 'You asked: "What is the weather in Zürich?". I am the mock provider, and this is model mock/echo.'

const run = <Result>(bed: Parameters<typeof runNodeClient>[0], scenario: string) =>
  runNodeClient<Result>(bed, 'ai-sdk.mjs', scenario)

test('ai: generateText is answered by the route model with the real key', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'generateText')).toEqual({
    text: ANSWER,
    finishReason: 'stop',
    outputTokens: expect.any(Number),
  })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('ai: streamText arrives piece by piece, with its usage', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const result = await run<{ text: string; spreadMs: number }>(bed, 'streamText')

  expect(result).toMatchObject({ finishReason: 'stop', outputTokens: expect.any(Number) })
  expect(result.text).toBe(ANSWER.replace('mock/echo', 'mock/slow-stream:20'))
  expect(result.spreadMs).toBeGreaterThan(100)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions', model: 'mock/slow-stream:20' })
})

test('ai: a tool is called and its result brought back', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'tools')).toEqual({ text: ANSWER, calls: [{ city: 'Zürich' }] })
  expect(bed.provider.received).toHaveLength(2)
  expectRouted(bed.provider.received[1], { url: '/v1/chat/completions' })
})

test('ai: an object follows its schema', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'generateObject')).toEqual({ city: 'Zürich' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('ai: an embedding comes back', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'embed')).toBe(16)
  expectRouted(bed.provider.received[0], { url: '/v1/embeddings' })
})

test("ai: the provider's 429 keeps the provider's words", async () => {
  await using bed = await startClientBed({ model: 'mock/429' })

  expect(await run(bed, 'error')).toMatchObject({ status: 429, message: expect.stringContaining('Rate limit reached') })
})

test('ai: a stream that breaks tells why', async () => {
  await using bed = await startClientBed({ model: 'mock/reset-mid-stream+slow-stream:5' })

  const { errors } = await run<{ errors: readonly string[] }>(bed, 'brokenStream')

  expect(errors.join('\n')).toMatch(/The provider at http:.* broke off/)
})
