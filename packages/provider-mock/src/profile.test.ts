import { INFERENCE_PROTOCOLS, profileViolations } from '@nemoclaw/proxy-core/provider'
import { expect, test } from 'vitest'
import { resolveMisbehaviour } from './fault/resolve-misbehaviour.js'
import inferenceProvider from './hooks/inference-provider.js'
import { mockProfile } from './profile.js'

test('keeps to the contract', () => {
  expect(profileViolations(mockProfile)).toEqual([])
})

test('is what the hook hands over', async () => {
  expect(await inferenceProvider()).toBe(mockProfile)
})

test('speaks every protocol there is', () => {
  expect([...mockProfile.protocols].sort()).toEqual([...INFERENCE_PROTOCOLS].sort())
})

test('leads to where `nemoclaw mock serve` listens, on this machine only', () => {
  expect(mockProfile).toMatchObject({
    defaultBaseUrl: 'http://127.0.0.1:4141/v1',
    auth: { kind: 'bearer' },
    credentialKeyNames: ['MOCK_API_KEY'],
    baseUrlConfigKeys: ['MOCK_BASE_URL'],
  })
})

test('has a default model that behaves', () => {
  expect(resolveMisbehaviour(mockProfile.defaultModel)).toEqual({ fields: [] })
})
