import { profileViolations } from '@nemoclaw/proxy-core/provider'
import { expect, test } from 'vitest'
import inferenceProvider from './hooks/inference-provider.js'
import { openaiProfile } from './profile.js'

test('keeps to the contract', () => {
  expect(profileViolations(openaiProfile)).toEqual([])
})

test('is what the hook hands over', async () => {
  expect(await inferenceProvider()).toBe(openaiProfile)
})

test('leads to the public API with a bearer key, and is found where the SDK looks', () => {
  expect(openaiProfile).toMatchObject({
    defaultBaseUrl: 'https://api.openai.com/v1',
    auth: { kind: 'bearer' },
    credentialKeyNames: ['OPENAI_API_KEY'],
    baseUrlConfigKeys: ['OPENAI_BASE_URL'],
  })
})

test('speaks every protocol OpenAI defined, and no other vendor’s', () => {
  expect(openaiProfile.protocols.filter((name) => !name.startsWith('openai_'))).toEqual(['model_discovery'])
  expect(openaiProfile.protocols).toHaveLength(8)
})

test('lets the caller choose who is billed', () => {
  expect(openaiProfile.passthroughHeaders).toEqual(expect.arrayContaining(['openai-organization', 'openai-project']))
})

test('leaves the default route and its model to the operator', () => {
  expect(openaiProfile).not.toHaveProperty('servesUnsetRoute')
  expect(openaiProfile).not.toHaveProperty('defaultModel')
})
