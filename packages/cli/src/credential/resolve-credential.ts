import type { ProviderRecord } from '../config/schema.js'
import { UserError } from '../user-error.js'
import type { CredentialAccess } from './credential-access.js'
import type { StoredCredential } from './credential-store.js'
import { credentialValueViolation } from './credential-value.js'
import { RedactedCredential } from './redacted-credential.js'
import { referenceSeal } from './reference-seal.js'
import { readRecorded } from './staged-slot.js'

/**
 * The credential of a provider for one origin, from wherever its record says it is.
 *
 * @param origin - Where it is to be sent, `scheme://host:port` as `URL.origin` gives it.
 * @throws {UserError} `ERR_CREDENTIAL_MISSING`; `ERR_CREDENTIAL_ORIGIN` where it was entered for another origin;
 *   `ERR_CREDENTIAL_INVALID`, `ERR_CREDENTIAL_UNBOUND`, `ERR_REFERENCE_*`, `ERR_KEYCHAIN_*`, `ERR_SEALED_FILE_*`.
 */
export async function resolveCredential(
  provider: ProviderRecord,
  key: string,
  origin: string,
  access: Omit<CredentialAccess, 'directory'>,
): Promise<StoredCredential> {
  const record = Object.hasOwn(provider.credentials, key) ? provider.credentials[key] : undefined
  if (record === undefined) throw missing(provider.name, key, `provider '${provider.name}' has no credential ${key}`)
  // Before anything is opened or run: a changed base URL must not even make a source hand out its secret.
  if (record.origin !== origin) throw otherOrigin(provider.name, key, record.origin, origin)

  if (record.kept === 'reference') {
    if (record.seal !== referenceSeal(provider.name, key, record, access.fingerprint)) throw altered(provider.name, key)
    return new RedactedCredential({ origin, value: await access.references.resolve(record.reference) })
  }
  const found = await readRecorded(
    access.stores[record.kept],
    { provider: provider.name, key },
    record,
    access.fingerprint,
  )
  if (found === undefined) {
    const where = record.kept === 'keychain' ? 'keychain' : 'sealed file'
    throw missing(
      provider.name,
      key,
      `the credential ${key} of provider '${provider.name}' is not in the ${where} any more`,
    )
  }
  if (found.credential.origin !== origin) throw otherOrigin(provider.name, key, found.credential.origin, origin)
  const violation = credentialValueViolation(found.credential.value)
  if (violation !== undefined) {
    throw new UserError('ERR_CREDENTIAL_INVALID', `the credential ${key} of provider '${provider.name}' ${violation}`, {
      suggestions: [enterAgain(provider.name, key)],
    })
  }
  return found.credential
}

function missing(provider: string, key: string, message: string): UserError {
  return new UserError('ERR_CREDENTIAL_MISSING', message, { suggestions: [enterAgain(provider, key)] })
}

function otherOrigin(provider: string, key: string, bound: string, asked: string): UserError {
  return new UserError(
    'ERR_CREDENTIAL_ORIGIN',
    `the credential ${key} of provider '${provider}' was entered for ${bound} and is not sent to ${asked}`,
    { suggestions: [enterAgain(provider, key)] },
  )
}

function altered(provider: string, key: string): UserError {
  return new UserError(
    'ERR_CREDENTIAL_ALTERED',
    `the reference of credential ${key} of provider '${provider}' was changed by something else than nemoclaw`,
    { suggestions: [enterAgain(provider, key)] },
  )
}

function enterAgain(provider: string, key: string): string {
  return `Enter it again: nemoclaw provider update ${provider} --credential ${key}`
}
