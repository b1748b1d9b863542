import { Credential } from '@nemoclaw/proxy-core/control-plane'
import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import { readSecretForKey, readSecretFromInput, type SecretInput } from '../credential/read-secret.js'
import { UserError } from '../user-error.js'
import type { CredentialArgument } from './credential-argument.js'

/** A credential that is about to be stored: its value, or where to fetch it from each time. */
export type NewCredential =
  | { readonly key: string; readonly value: Credential }
  | { readonly key: string; readonly reference: string }

/**
 * Fetches the values that `--credential` asks for, asking the person at the terminal where that is how.
 *
 * @throws {UserError} `ERR_CREDENTIAL_NOT_SET`, `ERR_CREDENTIAL_INVALID` (2), `ERR_PROMPT_CANCELLED`.
 */
export async function collectCredentials(
  credentials: readonly CredentialArgument[],
  input: SecretInput,
): Promise<readonly NewCredential[]> {
  const collected: NewCredential[] = []
  // One after the other: two prompts at once would share a terminal.
  for (const argument of credentials) collected.push(await collectOne(argument, input))
  return collected
}

async function collectOne(argument: CredentialArgument, input: SecretInput): Promise<NewCredential> {
  const { key } = argument
  switch (argument.from) {
    case 'reference':
      return { key, reference: argument.reference }
    case 'environment':
      return { key, value: new Credential(await readSecretForKey(key, input)) }
    case 'standard_input':
      return { key, value: new Credential(await readSecretFromInput(key, input)) }
    case 'command_line':
      // Checked where all values are: when it is stored.
      return { key, value: new Credential(argument.value) }
  }
}

/** What the environment holds for a provider of one type. */
export interface ExistingSettings {
  readonly credentials: readonly NewCredential[]
  readonly config: ReadonlyMap<string, string>
}

/** `--from-existing`: the first credential and the first base URL that are set, in the profile's order. */
export async function findExisting(profile: InferenceProviderProfile, input: SecretInput): Promise<ExistingSettings> {
  const key = profile.credentialKeyNames.find((name) => input.environment(name))
  const urlKey = profile.baseUrlConfigKeys.find((name) => input.environment(name))
  const url = urlKey === undefined ? undefined : input.environment(urlKey)
  return {
    credentials: key === undefined ? [] : [{ key, value: new Credential(await readSecretForKey(key, input)) }],
    config: new Map(urlKey === undefined || url === undefined ? [] : [[urlKey, url]]),
  }
}

/** @throws {UserError} `ERR_CREDENTIAL_NONE` (2) where the profile needs a credential and there is none. */
export function requireCredential(profile: InferenceProviderProfile, credentials: readonly NewCredential[]): void {
  if (credentials.length > 0 || profile.auth.kind === 'none') return
  const names = profile.credentialKeyNames.join(' or ')
  throw new UserError(
    'ERR_CREDENTIAL_NONE',
    `no credentials resolved for provider type '${profile.providerType}'. ` +
      `Use --credential KEY[=VALUE] or --from-existing with ${names} set.`,
    { exitCode: 2 },
  )
}
