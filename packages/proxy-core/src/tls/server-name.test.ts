import { expect, test } from 'vitest'
import { isInferenceServerName } from './server-name.js'

test.each(['inference.local', 'INFERENCE.local', 'inference.local.'])('%s is inference.local', (name) => {
  expect(isInferenceServerName(name)).toBe(true)
})

test.each([
  '',
  '.',
  'local',
  'inference.local..',
  '.inference.local',
  'x.inference.local',
  'inference.local.evil.com',
  'inference.local\0',
  'inference.local ',
  // Lower-cases to 'i̇nference.local': a letter that is no i.
  'İnference.local',
  'ınference.local',
  'inference。local',
])('%j is another name', (name) => {
  expect(isInferenceServerName(name)).toBe(false)
})
