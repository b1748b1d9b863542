import { profileViolations } from '@nemoclaw/proxy-core/provider'
import { expect, test } from 'vitest'
import inferenceProvider from './hooks/inference-provider.js'
import { anthropicProfile } from './profile.js'

test('keeps to the contract', () => {
  expect(profileViolations(anthropicProfile)).toEqual([])
})

test('is what the hook hands over', async () => {
  expect(await inferenceProvider()).toBe(anthropicProfile)
})

test('leads to the public API, and is found where the SDK looks', () => {
  expect(anthropicProfile).toMatchObject({
    defaultBaseUrl: 'https://api.anthropic.com/v1',
    credentialKeyNames: ['ANTHROPIC_API_KEY'],
    baseUrlConfigKeys: ['ANTHROPIC_BASE_URL'],
  })
})

test('sends the key as x-api-key', () => {
  expect(anthropicProfile.auth).toEqual({ kind: 'header', name: 'x-api-key' })
})

test('names a version where the client names none, and lets the client’s own version and betas pass', () => {
  expect(anthropicProfile.defaultHeaders).toEqual([['anthropic-version', '2023-06-01']])
  expect(anthropicProfile.passthroughHeaders).toEqual(['anthropic-beta', 'anthropic-version'])
})
