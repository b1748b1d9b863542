import { UserError } from '../user-error.js'
import type { CredentialSlot, StoredCredential } from './credential-store.js'
import { RedactedCredential } from './redacted-credential.js'

/** What is kept under an account: the secret, and the one origin that it may be sent to. */
export function sealEnvelope({ origin, value }: StoredCredential): string {
  return JSON.stringify({ v: 1, origin, value })
}

/**
 * @throws {UserError} `ERR_CREDENTIAL_UNBOUND` where a bare value was put there by another program: without an
 *   origin it could be sent anywhere.
 */
export function openEnvelope(envelope: string, slot: CredentialSlot): StoredCredential {
  const parsed = parse(envelope)
  if (parsed === undefined) throw unbound(slot)
  return new RedactedCredential(parsed)
}

function parse(envelope: string): StoredCredential | undefined {
  try {
    const value: unknown = JSON.parse(envelope)
    if (typeof value !== 'object' || value === null) return undefined
    const { v, origin, value: secret } = value as Record<'v' | 'origin' | 'value', unknown>
    if (v !== 1 || typeof origin !== 'string' || typeof secret !== 'string') return undefined
    return { origin, value: secret }
  } catch {
    // The parser's message quotes the text, which is the secret.
    return undefined
  }
}

function unbound({ provider, key }: CredentialSlot): UserError {
  return new UserError(
    'ERR_CREDENTIAL_UNBOUND',
    `the credential ${key} of provider '${provider}' was not stored by nemoclaw: it does not say which origin it may be sent to`,
    { suggestions: [`Enter it again: nemoclaw provider update ${provider} --credential ${key}`] },
  )
}
