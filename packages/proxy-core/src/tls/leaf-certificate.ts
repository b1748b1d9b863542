import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { type AuthorityMaterial, BACKDATED_MS } from './certificate-authority.js'
import { certificateExtensions } from './certificate-extensions.js'
import { loadDer } from './der.js'
import { INFERENCE_SERVER_NAME } from './server-name.js'
import { distinguishedName, keyIdentifier, signCertificate, subjectOf } from './sign-certificate.js'

const LEAF_LIFETIME_MS = 90 * 86_400_000

/** What a server shows to be `inference.local`. */
export interface LeafMaterial {
  /** The leaf and then the intermediate: clients trust the root only, so the chain is always sent. */
  readonly chainPem: string
  /** PKCS #8. */
  readonly keyPem: string
  readonly notAfter: Date
}

/** Issues a leaf for `inference.local` that is valid for 90 days, or until its authority ends. */
export async function issueLeaf(authority: AuthorityMaterial, { now }: { readonly now: Date }): Promise<LeafMaterial> {
  return leafIssuer(authority)(now)
}

/**
 * Prepares an authority for issuing: what comes back needs no further loading and takes about 1 ms, so that a leaf can
 * be replaced in the middle of a handshake.
 */
export function leafIssuer(authority: AuthorityMaterial): (now: Date) => LeafMaterial {
  const der = loadDer()
  const extensions = certificateExtensions(der)
  const issuer = new X509Certificate(authority.intermediateCertificatePem)
  const issuerKey = createPrivateKey(authority.intermediateKeyPem)

  return (now) => {
    // ECDSA, because the server signs once per handshake: 0.03 ms with P-256, 0.25 ms with RSA-2048.
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const notBefore = new Date(Math.max(now.getTime() - BACKDATED_MS, Date.parse(issuer.validFrom)))
    const notAfter = new Date(Math.min(now.getTime() + LEAF_LIFETIME_MS, authority.notAfter.getTime()))

    const leafPem = signCertificate(
      der,
      {
        subject: distinguishedName(der, INFERENCE_SERVER_NAME),
        issuer: subjectOf(der, issuer),
        publicKey,
        notBefore,
        notAfter,
        extensions: [
          extensions.isNoAuthority(),
          extensions.keyUsage('digitalSignature'),
          extensions.serverAuthOnly(),
          extensions.alternativeName(INFERENCE_SERVER_NAME),
          extensions.subjectKeyIdentifier(keyIdentifier(der, publicKey)),
          extensions.authorityKeyIdentifier(keyIdentifier(der, issuer.publicKey)),
        ],
      },
      issuerKey,
    )

    return {
      chainPem: leafPem + authority.intermediateCertificatePem,
      keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      notAfter,
    }
  }
}
