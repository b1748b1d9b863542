import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { certificateExtensions } from './certificate-extensions.js'
import { loadDer } from './der.js'
import { INFERENCE_SERVER_NAME } from './server-name.js'
import { distinguishedName, keyIdentifier, signCertificate } from './sign-certificate.js'

const DAY_MS = 86_400_000

/** Clients whose clock is two days slow still verify; the third day is for what passes while they run. */
export const BACKDATED_MS = 3 * DAY_MS
const AUTHORITY_YEARS = 10

/** A root to trust and the intermediate that signs for it. Whoever holds it can be `inference.local`, and nobody else. */
export interface AuthorityMaterial {
  readonly rootCertificatePem: string
  readonly intermediateCertificatePem: string
  /** PKCS #8. The only CA key there is. */
  readonly intermediateKeyPem: string
  /** SHA-256 of the DER, upper-case hexadecimal with colons, as `openssl x509 -fingerprint -sha256` prints it. */
  readonly fingerprints: { readonly root: string; readonly intermediate: string }
  /** When root and intermediate end. */
  readonly notAfter: Date
}

/**
 * Creates a certificate authority that can vouch for `inference.local` only.
 *
 * The root signs one intermediate and its key is gone when this returns: verifiers need not honour name constraints
 * on a trust anchor (RFC 5280 §6.1 starts below it, and Java does), so a constrained root whose key lay on the disk
 * could be made to impersonate any site. The intermediate's constraints are in the path and bind every verifier.
 */
export async function issueAuthority({ now }: { readonly now: Date }): Promise<AuthorityMaterial> {
  const der = loadDer()
  const extensions = certificateExtensions(der)
  const [rootKeys, intermediateKeys] = await Promise.all([generateRsaKeys(), generateRsaKeys()])
  // In the names, because a trust store shows names: two authorities must be told apart there.
  const shortId = randomBytes(3).toString('hex')
  const root = distinguishedName(der, `nemoclaw root CA ${shortId}`)
  const validity = { notBefore: new Date(now.getTime() - BACKDATED_MS), notAfter: yearsAfter(now, AUTHORITY_YEARS) }
  const rootIdentifier = keyIdentifier(der, rootKeys.publicKey)

  const rootCertificatePem = signCertificate(
    der,
    {
      ...validity,
      subject: root,
      issuer: root,
      publicKey: rootKeys.publicKey,
      extensions: [
        extensions.isAuthority(1),
        extensions.keyUsage('keyCertSign', 'cRLSign'),
        // A second lock, for the verifiers that do look here (OpenSSL, Go, NSS, Chromium, rustls), and a promise that
        // whoever installs the root can read.
        extensions.onlyDnsName(INFERENCE_SERVER_NAME),
        extensions.subjectKeyIdentifier(rootIdentifier),
      ],
    },
    rootKeys.privateKey,
  )
  const intermediateCertificatePem = signCertificate(
    der,
    {
      ...validity,
      subject: distinguishedName(der, `nemoclaw ${INFERENCE_SERVER_NAME} CA ${shortId}`),
      issuer: root,
      publicKey: intermediateKeys.publicKey,
      extensions: [
        extensions.isAuthority(0),
        extensions.keyUsage('keyCertSign', 'cRLSign'),
        extensions.serverAuthOnly(),
        extensions.onlyDnsName(INFERENCE_SERVER_NAME),
        extensions.subjectKeyIdentifier(keyIdentifier(der, intermediateKeys.publicKey)),
        extensions.authorityKeyIdentifier(rootIdentifier),
      ],
    },
    rootKeys.privateKey,
  )

  return authorityMaterial({
    rootCertificatePem,
    intermediateCertificatePem,
    intermediateKeyPem: intermediateKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  })
}

/**
 * Completes an authority from its three parts, e.g. as read back from where they were kept.
 *
 * @throws {Error} A part does not parse, or they do not belong together; the message says which, and holds no key.
 */
export function authorityMaterial(
  parts: Pick<AuthorityMaterial, 'rootCertificatePem' | 'intermediateCertificatePem' | 'intermediateKeyPem'>,
): AuthorityMaterial {
  const root = certificate(parts.rootCertificatePem, 'root certificate')
  const intermediate = certificate(parts.intermediateCertificatePem, 'intermediate certificate')
  const key = privateKey(parts.intermediateKeyPem)
  if (!root.ca || !root.verify(root.publicKey)) throw new Error('The root certificate is not a self-signed CA.')
  if (!intermediate.ca || !intermediate.checkIssued(root) || !intermediate.verify(root.publicKey))
    throw new Error('The intermediate certificate is not signed by the root.')
  if (!intermediate.checkPrivateKey(key)) throw new Error('The key does not belong to the intermediate certificate.')

  return {
    ...parts,
    fingerprints: { root: root.fingerprint256, intermediate: intermediate.fingerprint256 },
    notAfter: new Date(Math.min(Date.parse(root.validTo), Date.parse(intermediate.validTo))),
  }
}

function certificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new Error(`The ${what} does not parse.`, { cause: error })
  }
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Error('The key does not parse.', { cause: error })
  }
}

/** RSA, because every verifier knows it, in the CAs where its speed does not matter. */
function generateRsaKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
}

function yearsAfter(date: Date, years: number): Date {
  const later = new Date(date)
  later.setUTCFullYear(later.getUTCFullYear() + years)
  return later
}
