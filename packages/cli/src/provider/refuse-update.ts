import type { ProviderRecord } from '../config/schema.js'
import { UserError } from '../user-error.js'
import type { Removals } from './plan-provider-change.js'
import type { ProviderArguments } from './provider-arguments.js'
import { usageError } from './usage-error.js'

/** @throws {UserError} `ERR_NOTHING_TO_CHANGE` (2). */
export function refuseEmptyUpdate(given: ProviderArguments, removals: Removals, move: boolean): void {
  const { fromExisting, baseUrl, config, credentials, headers } = given
  const lists = [credentials, headers, removals.config, removals.credentials]
  if (move || fromExisting || baseUrl !== undefined || config.size > 0 || lists.some(({ length }) => length > 0)) return
  throw usageError('ERR_NOTHING_TO_CHANGE', 'nothing to change: name at least one option, e.g. --credential KEY')
}

/**
 * @returns The record, if it may stay of its type.
 * @throws {UserError} `ERR_PROVIDER_TYPE_CHANGE`: another type would be sent this one's credentials.
 */
export function refuseTypeChange(record: ProviderRecord, wanted: string | undefined): ProviderRecord {
  const { name, type } = record
  if (wanted === undefined || wanted === type) return record
  throw new UserError('ERR_PROVIDER_TYPE_CHANGE', `provider '${name}' is of type '${type}', and a type cannot change`, {
    suggestions: [`Create another one: nemoclaw provider create NAME --type ${wanted}`],
  })
}
