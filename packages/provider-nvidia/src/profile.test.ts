import { profileViolations } from '@nemoclaw/proxy-core/provider'
import { expect, test } from 'vitest'
import inferenceProvider from './hooks/inference-provider.js'
import { nvidiaProfile } from './profile.js'

test('keeps to the contract', () => {
  expect(profileViolations(nvidiaProfile)).toEqual([])
})

test('is what the hook hands over', async () => {
  expect(await inferenceProvider()).toBe(nvidiaProfile)
})

test('leads to the hosted NIM API with a bearer key', () => {
  expect(nvidiaProfile).toMatchObject({
    defaultBaseUrl: 'https://integrate.api.nvidia.com/v1',
    auth: { kind: 'bearer' },
    credentialKeyNames: ['NVIDIA_API_KEY'],
    baseUrlConfigKeys: ['NVIDIA_BASE_URL'],
  })
})

test('serves an unset route with a model that every key may use', () => {
  expect(nvidiaProfile).toMatchObject({ servesUnsetRoute: true, defaultModel: 'meta/llama-3.1-8b-instruct' })
})

test('promises only what the hosted API serves', () => {
  expect(nvidiaProfile.protocols).not.toContain('anthropic_messages')
  expect(nvidiaProfile.protocols).not.toContain('rerank')
})
