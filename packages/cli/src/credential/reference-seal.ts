import type { CredentialRecord } from '../config/schema.js'
import type { Fingerprint } from './fingerprint.js'

type ReferenceRecord = Extract<CredentialRecord, { kept: 'reference' }>

/**
 * Binds a reference to its provider, its key and the origin it was entered for, under the key of this machine: whoever
 * can change only the configuration cannot make a source's secret go elsewhere, as a stored secret cannot either.
 */
export function referenceSeal(
  provider: string,
  key: string,
  { reference, origin }: Pick<ReferenceRecord, 'reference' | 'origin'>,
  fingerprint: Fingerprint,
): string {
  return fingerprint(JSON.stringify(['reference', provider, key, reference, origin]))
}
