import { X509Certificate } from 'node:crypto'
import type { AuthorityMaterial } from '@nemoclaw/proxy-core/tls'

const ROTATED_BEFORE_MS = 30 * 86_400_000

/** `ending`: a successor is due, so that whoever must trust it has time to. An ended one is ending too. */
export type AuthorityAge = 'not_yet_valid' | 'fresh' | 'ending'

/** What an authority's dates say at a moment. */
export function authorityAge(authority: AuthorityMaterial, now: Date): AuthorityAge {
  const notBefore = Date.parse(new X509Certificate(authority.intermediateCertificatePem).validFrom)
  if (now.getTime() < notBefore) return 'not_yet_valid'
  return now.getTime() < authority.notAfter.getTime() - ROTATED_BEFORE_MS ? 'fresh' : 'ending'
}
