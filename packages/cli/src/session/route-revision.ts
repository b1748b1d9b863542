import { createHash } from 'node:crypto'
import type { ResolvedRoute } from '@nemoclaw/proxy-core'

/**
 * Names what a route was resolved to: 12 hexadecimal digits that change with anything that matters to an exchange,
 * the credential included, and tell nothing about it.
 */
export function routeRevision({ credential, extraHeaders, ...route }: ResolvedRoute): string {
  // Values of extra fields may be secret: of them only the digest below sees anything.
  const content = JSON.stringify({ ...route, extraHeaders, credential: credential?.fingerprint })
  return createHash('sha256').update(content).digest('hex').slice(0, 12)
}
