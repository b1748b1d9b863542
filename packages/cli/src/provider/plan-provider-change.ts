import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { SecretInput } from '../credential/read-secret.js'
import { ReferenceResolver } from '../credential/reference-resolver.js'
import { UserError } from '../user-error.js'
import { collectCredentials, findExisting, requireCredential } from './collect-credentials.js'
import { configFrom, type ProviderArguments } from './provider-arguments.js'
import type { ProviderChange } from './provider-change.js'
import { usageError } from './usage-error.js'

/** What an update takes away, or along. */
export interface Removals {
  readonly credentials: readonly string[]
  readonly config: readonly string[]
}

/**
 * All that a new provider begins with: values are fetched, from the environment, standard input or a person.
 *
 * @throws {UserError} `ERR_CREDENTIAL_NONE`, `ERR_HEADER_INVALID` (2); as `collectCredentials`.
 */
export async function planCreation(
  given: ProviderArguments,
  profile: InferenceProviderProfile,
  input: SecretInput,
): Promise<ProviderChange> {
  const empty = given.headers.find(({ kind }) => kind === 'removal')
  if (empty) throw usageError('ERR_HEADER_INVALID', `--header '${empty.name}' has no value`)
  const change = await planUpdate(given, profile, { credentials: [], config: [] }, input)
  requireCredential(profile, change.credentials)
  return change
}

/** All that an update asks for. @throws {UserError} as `collectCredentials`; those of base URLs (2). */
export async function planUpdate(
  given: ProviderArguments,
  profile: InferenceProviderProfile,
  removals: Removals,
  input: SecretInput,
): Promise<ProviderChange> {
  const found = given.fromExisting ? await findExisting(profile, input) : undefined
  if (found) requireCredential(profile, found.credentials)
  return {
    // Checked before a person is asked for anything.
    config: configFrom(given, profile, found?.config),
    credentials: found?.credentials ?? (await collectCredentials(given.credentials, input)),
    headers: given.headers,
    unsetCredentials: removals.credentials,
    unsetConfig: removals.config,
    movedCredentials: [],
  }
}

/**
 * Fetches each new reference once, so that a mistyped one is told now rather than to the first request.
 *
 * @throws {UserError} as the resolver does.
 */
export async function checkReferences(
  { credentials, headers }: ProviderChange,
  environment: (name: string) => string | undefined,
): Promise<void> {
  const resolver = new ReferenceResolver({ environment })
  const references = [
    ...credentials.flatMap((credential) => ('reference' in credential ? [credential.reference] : [])),
    ...headers.flatMap((header) => (header.kind === 'reference' ? [header.reference] : [])),
  ]
  for (const reference of references) {
    await resolver.resolve(reference).catch((error: unknown) => {
      throw withoutCheck(error)
    })
  }
}

function withoutCheck(error: unknown): unknown {
  if (!(error instanceof UserError)) return error
  const suggestions = [...error.suggestions, 'To store it without fetching it now: --no-verify']
  return new UserError(error.code, error.message, { suggestions, exitCode: error.exitCode, cause: error })
}
