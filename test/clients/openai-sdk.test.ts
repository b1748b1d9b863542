import { createHash } from 'node:crypto'
import type { ReceivedRequest } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { startClientBed } from './client-bed.js'
import { expectRouted } from './expect-routed.js'
import { runNodeClient } from './run-node-client.js'

const ANSWER = 'You asked: "What is the weather in Zürich?". I am the mock provider, and this is model mock/echo.'

interface Read {
  readonly text: string
  readonly pieces: number
  readonly spreadMs: number
}
interface Failure {
  readonly className: string
  readonly status?: number
  readonly code?: string
  readonly type?: string
  readonly message: string
}
interface ToolRound {
  readonly text: string
  readonly calls: readonly unknown[]
}

const run = <Result>(bed: Parameters<typeof runNodeClient>[0], scenario: string) =>
  runNodeClient<Result>(bed, 'openai-sdk.mjs', scenario)

test('openai: a chat completion is answered by the route model with the real key', async () => {
  await using bed = await startClientBed()

  const result = await run(bed, 'chat')

  expect(result).toEqual({ text: ANSWER, model: 'mock/echo', requested: 'gpt-5', served: 'mock/echo' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
  expect(bed.provider.received).toHaveLength(1)
})

test('openai: a chat stream arrives piece by piece, with its usage', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const { text, pieces, spreadMs, usage } = await run<Read & { usage: unknown }>(bed, 'chatStream')

  expect(text).toBe(ANSWER.replace('mock/echo', 'mock/slow-stream:20'))
  expect(pieces).toBeGreaterThan(10)
  expect(spreadMs).toBeGreaterThan(100)
  expect(usage).toMatchObject({ completion_tokens: expect.any(Number) })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions', model: 'mock/slow-stream:20' })
})

test.each(['chatTools', 'chatToolsStream'])(
  'openai: %s calls the tool and brings its result back',
  async (scenario) => {
    await using bed = await startClientBed()

    const { text, calls } = await run<ToolRound>(bed, scenario)

    expect(calls).toEqual([{ city: 'Zürich' }])
    expect(text).toBe(ANSWER)
    expect(bed.provider.received).toHaveLength(2)
    for (const received of bed.provider.received) {
      expectRouted(received, { url: '/v1/chat/completions' })
    }
    expect(bed.provider.received[1]?.json).toMatchObject({
      messages: expect.arrayContaining([expect.objectContaining({ role: 'tool', content: 'sunny' })]),
    })
  },
)

test('openai: a response is answered', async () => {
  await using bed = await startClientBed()

  const result = await run<{ text: string }>(bed, 'responses')

  expect(result).toMatchObject({ status: 'completed', model: 'mock/echo' })
  expect(result.text).toContain('You asked: "Hello"')
  expectRouted(bed.provider.received[0], { url: '/v1/responses' })
})

test('openai: a response stream arrives piece by piece and ends completed', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const { text, final, spreadMs } = await run<Read & { final: string }>(bed, 'responsesStream')

  expect(text).toContain('You asked: "Hello"')
  expect(final).toBe(text)
  expect(spreadMs).toBeGreaterThan(100)
  expectRouted(bed.provider.received[0], { url: '/v1/responses', model: 'mock/slow-stream:20' })
})

test('openai: a response calls a function and takes its output', async () => {
  await using bed = await startClientBed()

  const { text, calls } = await run<ToolRound>(bed, 'responsesTools')

  expect(calls).toEqual([{ city: 'Zürich' }])
  expect(text).toBe(ANSWER)
  expectRouted(bed.provider.received[1], { url: '/v1/responses' })
})

test('openai: embeddings come as floats and as the base64 that the SDK decodes', async () => {
  await using bed = await startClientBed()

  const { decoded, floats } = await run<Record<'decoded' | 'floats', readonly (readonly number[])[]>>(bed, 'embeddings')

  expect(floats).toHaveLength(2)
  expect(floats[0]).toHaveLength(16)
  expect(decoded).toEqual(floats)
  expect(bed.provider.received.map(({ json }) => (json as Record<string, unknown>)['encoding_format'])).toEqual([
    'base64',
    'float',
  ])
  expectRouted(bed.provider.received[0], { url: '/v1/embeddings' })
})

test('openai: an image edit uploads its files byte for byte, the model replaced among them', async () => {
  await using bed = await startClientBed()

  const { sha256, images, png } = await run<{ sha256: string; images: number; png: string }>(bed, 'imageEdit')

  expect(images).toBe(1)
  expect(Buffer.from(png, 'base64').toString('latin1', 1, 4)).toBe('PNG')
  const [received] = bed.provider.received
  expectRouted(received, { url: '/v1/images/edits' })
  expect(partHashes(received)).toEqual([
    ['image[]', 'otter.png', sha256],
    ['image[]', 'otter.png', sha256],
    ['mask', 'mask.png', sha256],
  ])
})

test('openai: a transcription uploads its file byte for byte, as JSON and as text', async () => {
  await using bed = await startClientBed()

  const { sha256, json, text } = await run<{ sha256: string; json: string; text: string }>(bed, 'transcription')

  expect(json).toMatch(/^You sent "speech\.wav", 266 bytes\./)
  expect(text.trim()).toBe(json)
  for (const received of bed.provider.received) {
    expectRouted(received, { url: '/v1/audio/transcriptions' })
    expect(partHashes(received)).toEqual([['file', 'speech.wav', sha256]])
  }
})

test('openai: a transcription streams', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const { text, spreadMs } = await run<Read>(bed, 'transcriptionStream')

  expect(text).toMatch(/^You sent "speech\.wav", 266 bytes\./)
  expect(spreadMs).toBeGreaterThan(100)
})

test('openai: speech comes back as the audio it is', async () => {
  await using bed = await startClientBed()

  const result = await run(bed, 'speech')

  expect(result).toEqual({ type: 'audio/wav', head: 'RIFF', bytes: 44 + 2 * 24_000 * 0.3 })
  expectRouted(bed.provider.received[0], { url: '/v1/audio/speech' })
})

test('openai: a stream that the client aborts ends at the provider within a second', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:400' })

  const { abortedAtMs } = await run<{ abortedAtMs: number }>(bed, 'abort')

  const { clientAbortedAtMs } = await bed.provider.waitFor(({ clientAborted }) => clientAborted)
  expect(clientAbortedAtMs! - abortedAtMs).toBeLessThan(8_000)
})

test('openai: the model list names the route model and asks no provider', async () => {
  await using bed = await startClientBed({ model: 'route-model' })

  const result = await run(bed, 'models')

  expect(result).toEqual({ listed: [{ id: 'route-model', owned_by: 'test-provider' }], one: 'route-model' })
  expect(bed.provider.received).toEqual([])
})

test('openai: a model that is not offered is a NotFoundError with our list', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'unknownModel')).toMatchObject({
    className: 'NotFoundError',
    status: 404,
    code: 'model_not_found',
    message: expect.stringContaining('Offered: mock/echo'),
  })
})

test("openai: the provider's 429 is a RateLimitError with the provider's words", async () => {
  await using bed = await startClientBed({ model: 'mock/429' })

  expect(await run<Failure>(bed, 'chatError')).toEqual({
    className: 'RateLimitError',
    status: 429,
    code: 'rate_limit_exceeded',
    type: 'requests',
    message: '429 Rate limit reached. Please try again later.',
  })
  expect(bed.provider.received).toHaveLength(1)
})

test('openai: after a 429 the SDK waits as long as the provider says, and is answered', async () => {
  await using bed = await startClientBed()
  bed.provider.failNext('mock/429:1')

  const { text, waitedMs } = await run<{ text: string; waitedMs: number }>(bed, 'retried')

  expect(text).toBe(ANSWER)
  expect(waitedMs).toBeGreaterThan(900)
  expect(bed.provider.received.map(({ status }) => status)).toEqual([429, 200])
})

test('openai: an endpoint that is not served is a PermissionDeniedError with the list of those that are', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'fileList')).toMatchObject({
    className: 'PermissionDeniedError',
    status: 403,
    code: 'endpoint_not_allowed',
    message: expect.stringContaining('POST /v1/chat/completions'),
  })
  expect(bed.provider.received).toEqual([])
})

test('openai: content we refuse is a BadRequestError that says why', async () => {
  await using bed = await startClientBed()

  expect(await run(bed, 'modelOfNoString')).toMatchObject({
    className: 'BadRequestError',
    status: 400,
    code: 'invalid_request',
    message: expect.stringContaining('"model" must be a string'),
  })
  expect(bed.provider.received).toEqual([])
})

test('openai: a provider that cannot be reached is an error with our words', async () => {
  await using bed = await startClientBed()
  await bed.provider[Symbol.asyncDispose]()

  expect(await run(bed, 'chatError')).toMatchObject({
    className: 'InternalServerError',
    status: 502,
    code: 'upstream_connection_failed',
  })
})

test.each(['mock/reset-mid-stream+slow-stream:5', 'mock/close-mid-chunk+slow-stream:5'])(
  'openai: a stream that breaks (%s) throws and does not look complete',
  async (model) => {
    await using bed = await startClientBed({ model })

    const { message } = await run<Failure>(bed, 'brokenStream')

    expect(message).toMatch(/^The provider at http:.* broke off/)
  },
)

function partHashes(received: ReceivedRequest | undefined): readonly unknown[] {
  return (received?.parts ?? [])
    .filter(({ filename }) => filename !== undefined)
    .map(({ name, filename, content }) => [name, filename, createHash('sha256').update(content).digest('hex')])
}
