import { expect } from 'vitest'
import { startTestProxy, TEST_SECRET, type TestProxy } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { type Conversation, type ConverseOptions, converse, type Listener } from './converse.js'
import { GOOD_ANSWER, type RecordingUpstream, startRecordingUpstream } from './recording-upstream.js'

/** What a refusal must look like. */
export interface Refusal {
  readonly status: number | readonly number[]
  readonly code?: string
}

/**
 * Sends bytes to a proxy with a provider behind it and checks what every refusal has in common: one response with a
 * stable status and code, the connection closed, not one byte upstream, no secret in anything told, everybody else
 * served.
 */
export async function expectRefused(
  listener: Listener,
  bytes: string | Buffer,
  refusal: Refusal,
  options: ConverseOptions = {},
): Promise<Conversation> {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  const conversation = await converse(proxy, listener, bytes, options)

  expectRefusal(conversation, refusal)
  expect(upstream.bytes).toBe('')
  expect(JSON.stringify(proxy.events)).not.toContain(TEST_SECRET)
  await expectServed(proxy, upstream)
  return conversation
}

/** The response alone: that it is a refusal of ours, whole, and that the connection ended behind it. */
export function expectRefusal({ wire, answers, endedBy }: Conversation, { status, code }: Refusal): void {
  const statuses = [status].flat()
  const [answer] = answers
  expect(statuses, wire.slice(0, 500)).toContain(answer?.status)
  expect(answers).toHaveLength(1)
  expect(endedBy).toBe('proxy')
  expect(answer?.whole).toBe(true)
  expect(fieldsNamed(answer, 'connection')).toEqual(['close'])
  expect(fieldsNamed(answer, 'content-type')).toEqual(['application/json'])
  expect(fieldsNamed(answer, 'proxy-status')[0]).toMatch(/^nemoclaw; error=[a-z_]+; details="ERR_[A-Z_]+"$/)
  if (code !== undefined) {
    expect(answer?.code).toBe(code)
  }
}

/** That another client is served, now. */
export async function expectServed(proxy: TestProxy, upstream: RecordingUpstream): Promise<void> {
  const before = upstream.bytes.length
  const { wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))
  expect(wire).toContain('HTTP/1.1 200 OK')
  expect(upstream.bytes.slice(before)).toContain(`authorization: Bearer ${TEST_SECRET}`)
}

export const GOOD_REQUEST_CONTENT = '{"model":"any","messages":[]}'

/** A request that is served. */
export function goodRequest(...fields: readonly string[]): string {
  return [
    'POST /v1/chat/completions HTTP/1.1',
    'Host: inference.local',
    'Content-Type: application/json',
    `Content-Length: ${GOOD_REQUEST_CONTENT.length}`,
    ...fields,
    '',
    GOOD_REQUEST_CONTENT,
  ].join('\r\n')
}

export { GOOD_ANSWER }
