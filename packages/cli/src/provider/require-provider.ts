import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import { UserError } from '../user-error.js'

/** @throws {UserError} `ERR_PROVIDER_NOT_FOUND`, with the names there are. */
export function requireProvider({ providers }: ConfigDocument, name: string): ProviderRecord {
  const record = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (record) return record
  const names = Object.keys(providers).toSorted()
  throw new UserError('ERR_PROVIDER_NOT_FOUND', `provider '${name}' does not exist`, {
    suggestions: [
      ...(names.length > 0 ? [`There are: ${names.slice(0, 20).join(', ')}`] : []),
      `Create it: nemoclaw provider create ${name} --type TYPE --from-existing`,
    ],
  })
}
