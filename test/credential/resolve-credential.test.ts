import { writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { CredentialRecord } from '../../packages/cli/src/config/schema.js'
import { changeCredentials } from '../../packages/cli/src/credential/change-credentials.js'
import { referenceSeal } from '../../packages/cli/src/credential/reference-seal.js'
import { resolveCredential } from '../../packages/cli/src/credential/resolve-credential.js'
import { providerRecord } from '../state/provider-record.js'
import { temporaryDirectory } from '../state/temporary-directory.js'
import { accessIn, ORIGIN, values, withCredentials } from './credential-access.js'

function providerWith(credentials: Readonly<Record<string, CredentialRecord>>) {
  return { ...providerRecord('nvidia'), credentials }
}

test('gives a credential to the origin it was entered for, and to no other', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const put = { store: access.stores.file, values: values({ A: 'sk-hidden' }) }
  const { document } = await changeCredentials(
    access.config,
    { provider: 'nvidia', put, change: withCredentials },
    access,
  )
  const provider = document.providers['nvidia'] ?? providerRecord('nvidia')

  expect(await resolveCredential(provider, 'A', ORIGIN, access)).toMatchObject({ value: 'sk-hidden' })
  for (const origin of [
    'https://api.example.com:8443',
    'http://api.example.com',
    'https://api.example.com.evil.example',
  ]) {
    await expect(resolveCredential(provider, 'A', origin, access)).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_ORIGIN',
      message: `the credential A of provider 'nvidia' was entered for ${ORIGIN} and is not sent to ${origin}`,
      suggestions: ['Enter it again: nemoclaw provider update nvidia --credential A'],
    })
  }
})

test('believes the store, not the record, about the origin of a value', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const put = { store: access.stores.file, values: values({ A: 'sk-hidden' }) }
  const { document } = await changeCredentials(
    access.config,
    { provider: 'nvidia', put, change: withCredentials },
    access,
  )
  const record = document.providers['nvidia']?.credentials['A'] as CredentialRecord

  const forged = providerWith({ A: { ...record, origin: 'https://evil.example' } })

  await expect(resolveCredential(forged, 'A', 'https://evil.example', access)).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_ORIGIN',
  })
})

test('runs no source for an origin that it was not entered for', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path, (name) => (name === 'PATH' ? process.env['PATH'] : undefined))
  const ran = `${directory.path}/ran`
  const reference = `exec:["sh","-c","touch ${ran}; echo sk"]`
  const record = {
    kept: 'reference',
    reference,
    origin: ORIGIN,
    seal: referenceSeal('nvidia', 'A', { reference, origin: ORIGIN }, access.fingerprint),
    updatedAt: '2026-01-31T12:00:00.000Z',
  } as const
  const provider = providerWith({ A: record })

  await expect(resolveCredential(provider, 'A', 'https://evil.example', access)).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_ORIGIN',
  })
  // Nor where the configuration was changed by hand to say that it was.
  for (const change of [{ origin: 'https://evil.example' }, { reference: 'env:PATH' }]) {
    const altered = providerWith({ A: { ...record, ...change } })
    await expect(resolveCredential(altered, 'A', altered.credentials['A']!.origin, access)).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_ALTERED',
      suggestions: ['Enter it again: nemoclaw provider update nvidia --credential A'],
    })
  }
  expect(() => writeFileSync(ran, '', { flag: 'wx' })).not.toThrow()
  expect(await resolveCredential(provider, 'A', ORIGIN, access)).toMatchObject({ origin: ORIGIN, value: 'sk' })
})

test('says what to type where there is no such credential, or its value is gone', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path)
  const record = {
    kept: 'file',
    origin: ORIGIN,
    fingerprint: '0123456789abcdef',
    updatedAt: '2026-01-31T12:00:00.000Z',
  } as const
  const suggestions = ['Enter it again: nemoclaw provider update nvidia --credential A']

  await expect(resolveCredential(providerWith({}), 'A', ORIGIN, access)).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_MISSING',
    message: "provider 'nvidia' has no credential A",
    suggestions,
  })
  await expect(resolveCredential(providerWith({ A: record }), 'A', ORIGIN, access)).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_MISSING',
    message: "the credential A of provider 'nvidia' is not in the sealed file any more",
    suggestions,
  })
  await expect(resolveCredential(providerWith({}), 'constructor', ORIGIN, access)).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_MISSING',
  })
})

test('shows no value of what it holds to a logger', async () => {
  using directory = temporaryDirectory()
  const access = await accessIn(directory.path, (name) => ({ NEMOCLAW_PASSPHRASE: 'correct horse' })[name])
  const put = { store: access.stores.file, values: values({ A: 'sk-hidden' }) }
  const { document } = await changeCredentials(
    access.config,
    { provider: 'nvidia', put, change: withCredentials },
    access,
  )
  const credential = await resolveCredential(
    document.providers['nvidia'] ?? providerRecord('nvidia'),
    'A',
    ORIGIN,
    access,
  )

  const printed =
    inspect({ document, credential, access }, { depth: null, showHidden: true }) +
    JSON.stringify({ document, credential, access })

  expect(printed).not.toMatch(/sk-hidden|correct horse/)
})
