import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ProviderRecord } from '../config/schema.js'
import type { Terminal } from '../report/terminal.js'
import { UserError } from '../user-error.js'
import type { ProviderChange } from './provider-change.js'
import { originAfter, strandedCredentials } from './update-provider.js'

/**
 * Lets a provider's credentials go to a new origin, which a person confirms: a changed base URL alone, from wherever
 * it came, must not send a key anywhere.
 *
 * @throws {UserError} `ERR_MOVE_NEEDS_TERMINAL`, `ERR_MOVE_DECLINED`.
 */
export async function confirmMove(
  record: ProviderRecord,
  profile: InferenceProviderProfile,
  change: ProviderChange,
  terminal: Terminal,
): Promise<ProviderChange> {
  const origin = originAfter(record, profile, change)
  const movedCredentials = strandedCredentials(record, origin, change)
  if (movedCredentials.length === 0) return change
  if (!terminal.interactive) {
    throw new UserError('ERR_MOVE_NEEDS_TERMINAL', '--move-credential is confirmed by a person at a terminal', {
      suggestions: [`Without one, enter the credential again: --credential ${movedCredentials[0]}`],
    })
  }
  const from = [...new Set(movedCredentials.map((key) => record.credentials[key]?.origin))].join(', ')
  if (
    !(await terminal.confirm(`Send ${movedCredentials.join(', ')}, entered for ${from}, to ${origin} from now on?`))
  ) {
    throw new UserError('ERR_MOVE_DECLINED', 'nothing was changed')
  }
  return { ...change, movedCredentials }
}

/** What to tell of credentials that a stored record cannot use any more, a line each. */
export function strandedWarnings(record: ProviderRecord, profile: InferenceProviderProfile): readonly string[] {
  const nothing = { config: new Map<string, string>(), unsetConfig: [], credentials: [], unsetCredentials: [] }
  const origin = originAfter(record, profile, nothing)
  return strandedCredentials(record, origin, nothing).map(
    (key) =>
      `${key} was entered for ${record.credentials[key]?.origin} and is not sent to ${origin}. ` +
      `Enter it again, or at a terminal: nemoclaw provider update ${record.name} --move-credential`,
  )
}
