import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { AuthorityMaterial } from './certificate-authority.js'
import { type LeafMaterial, leafIssuer } from './leaf-certificate.js'

const RENEWED_BEFORE_MS = 30 * 86_400_000

/**
 * TLS 1.3 first, then forward-secret AEAD suites of 1.2 (RFC 9325 §4.2); AES-128 ahead of AES-256 because it is faster
 * and as good here.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
].join(':')

const SESSION_TIMEOUT_S = 3600

/**
 * The certificate of `inference.local`, kept fresh.
 *
 * One `SecureContext` serves every connection: making one costs a millisecond and more, and session tickets only
 * resume within the context that issued them.
 */
export class ServerCertificates {
  readonly #issue: (now: Date) => LeafMaterial
  readonly #authorityEnds: Date
  readonly #now: () => Date
  #secureContext: SecureContext
  #renewedAt: number

  /**
   * Issues the first leaf.
   *
   * @param now - The clock: a leaf with less than 30 days left is replaced at the next connection.
   */
  static async issuedBy(
    authority: AuthorityMaterial,
    { now = () => new Date() }: { readonly now?: () => Date } = {},
  ): Promise<ServerCertificates> {
    return new ServerCertificates(leafIssuer(authority), authority.notAfter, now)
  }

  private constructor(issue: (now: Date) => LeafMaterial, authorityEnds: Date, now: () => Date) {
    this.#issue = issue
    this.#authorityEnds = authorityEnds
    this.#now = now
    const leaf = issue(now())
    this.#secureContext = secureContextFor(leaf)
    this.#renewedAt = this.#renewalOf(leaf)
  }

  /** What a connection that starts now is secured with. Ask for each connection. */
  get secureContext(): SecureContext {
    const now = this.#now()
    if (now.getTime() >= this.#renewedAt) {
      const leaf = this.#issue(now)
      this.#secureContext = secureContextFor(leaf)
      this.#renewedAt = this.#renewalOf(leaf)
    }
    return this.#secureContext
  }

  /** A leaf that ends with its authority cannot be bettered by issuing another. */
  #renewalOf(leaf: LeafMaterial): number {
    return leaf.notAfter < this.#authorityEnds ? leaf.notAfter.getTime() - RENEWED_BEFORE_MS : Number.POSITIVE_INFINITY
  }
}

function secureContextFor(leaf: LeafMaterial): SecureContext {
  return createSecureContext({
    cert: leaf.chainPem,
    key: leaf.keyPem,
    // No client certificate is ever asked for; without this Node parses its 140 bundled roots into the context.
    ca: [],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // For a client that has no AES in hardware and therefore lists ChaCha20 first.
    secureOptions: constants.SSL_OP_PRIORITIZE_CHACHA,
    sessionTimeout: SESSION_TIMEOUT_S,
  })
}
