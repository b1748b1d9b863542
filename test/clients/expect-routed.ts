import type { ReceivedRequest } from '@nemoclaw/provider-mock'
import { expect } from 'vitest'
import { TEST_SECRET } from '../proxy/start-test-proxy.js'
import { DUMMY_KEY } from './dummy-key.js'

export interface ExpectedRequest {
  /** Request target, with the query. */
  readonly url: string
  /** The route's model. */
  readonly model?: string
  /** Field that carries the operator's key. */
  readonly credential?: readonly [name: string, value: string]
}

/** Checks what a provider must have received whatever the client was: path, model, the real key, never the dummy. */
export function expectRouted(received: ReceivedRequest | undefined, expected: ExpectedRequest): void {
  const { url, model = 'mock/echo', credential = ['authorization', `Bearer ${TEST_SECRET}`] } = expected
  expect(received).toMatchObject({ method: 'POST', url, model, contentComplete: true })
  expect(received?.headers[credential[0]]).toBe(credential[1])
  expect(credentialFields(received)).toEqual([credential[0]])
  expect(received?.rawHeaders.join('\n')).not.toContain(DUMMY_KEY)
  expect(received?.content.includes(DUMMY_KEY)).toBe(false)
}

function credentialFields(received: ReceivedRequest | undefined): readonly string[] {
  return Object.keys(received?.headers ?? {}).filter((name) => /authorization|api-key|cookie/.test(name))
}
