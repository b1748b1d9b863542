import type { ResolvedRoute } from '@nemoclaw/proxy-core'
import type { Fingerprint } from '../credential/fingerprint.js'

/**
 * Names what a route was resolved to: 12 hexadecimal digits that change with anything that matters to an exchange,
 * the credential included, and tell nothing about it, since they come from a hash with a key of this machine.
 */
export function routeRevision({ credential, ...route }: ResolvedRoute, fingerprint: Fingerprint): string {
  return fingerprint(JSON.stringify({ ...route, credential: credential?.fingerprint })).slice(0, 12)
}
