import { FAILURES } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { fieldsNamed } from '../bad-input/answer.js'
import { converse } from '../bad-input/converse.js'
import { startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { startTestProxy, TEST_SECRET } from './start-test-proxy.js'

async function get(path: string) {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url, model: 'meta/llama-3' })
  const request = `GET ${path} HTTP/1.1\r\nHost: inference.local\r\nConnection: close\r\n\r\n`

  const { answers, wire } = await converse(proxy, 'tunnel', request)

  expect(upstream.bytes).toBe('')
  expect(wire).not.toContain(TEST_SECRET)
  expect(wire).not.toContain(String(upstream.port))
  return answers[0]!
}

test('the list of models is read by the clients of both dialects, without asking the provider', async () => {
  const answer = await get('/v1/models?limit=20')

  expect(answer.status).toBe(200)
  expect(JSON.parse(answer.content)).toMatchObject({
    object: 'list',
    data: [{ id: 'meta/llama-3', object: 'model', type: 'model', owned_by: 'test-provider' }],
    has_more: false,
  })
  expect(fieldsNamed(answer, 'x-nemoclaw-model-served')).toEqual(['meta/llama-3'])
})

test('a model is found by its name, slashes and all, and no other is', async () => {
  expect(JSON.parse((await get('/v1/models/meta/llama-3')).content)).toMatchObject({ id: 'meta/llama-3' })
  expect(await get('/v1/models/meta/llama-4')).toMatchObject({ status: 404, code: 'model_not_found' })
  expect(await get('/v1/models/meta')).toMatchObject({ status: 404 })
})

test('a program can read which models there are, the limits, and what each refusal means', async () => {
  const described = JSON.parse((await get('/.well-known/nemoclaw')).content)

  expect(Object.keys(described)).toEqual(['models', 'limits', 'refusals'])
  expect(described.models).toEqual(['meta/llama-3'])
  expect(described.limits.max_content_bytes).toBe(32 * 1024 * 1024)
  for (const [status, clientCode] of Object.values(FAILURES)) {
    expect(described.refusals[clientCode].status).toContain(status)
    expect(described.refusals[clientCode].meaning.length).toBeGreaterThan(10)
  }
})
