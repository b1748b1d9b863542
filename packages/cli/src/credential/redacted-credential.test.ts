import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { RedactedCredential } from './redacted-credential.js'

test('shows its value to nobody who prints it', () => {
  const credential = new RedactedCredential({ origin: 'https://a.example', value: 'sk-hidden' })

  const printed = [
    inspect(credential, { depth: null, showHidden: true, getters: true }),
    inspect({ nested: [credential] }),
    JSON.stringify(credential),
    String(credential),
    Object.entries(credential).join(),
    JSON.stringify({ ...credential }),
    JSON.stringify(structuredClone({ ...credential })),
  ]

  expect(printed.join('\n')).not.toContain('sk-hidden')
  expect(credential.value).toBe('sk-hidden')
})
