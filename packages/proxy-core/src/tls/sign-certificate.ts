import { createHash, type KeyObject, randomBytes, sign, type X509Certificate } from 'node:crypto'
import type { Der, DerNode } from './der.js'

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11'

export interface CertificateContent {
  readonly subject: DerNode
  readonly issuer: DerNode
  readonly publicKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly DerNode[]
}

/**
 * Signs an X.509 v3 certificate (RFC 5280 §4.1) with SHA-256 and RSA.
 *
 * @param issuerKey - The issuer's private RSA key.
 * @returns PEM, ending in a line feed.
 */
export function signCertificate(der: Der, content: CertificateContent, issuerKey: KeyObject): string {
  const algorithm = der.sequence(der.oid(SHA256_WITH_RSA), der.null())
  const toBeSigned = der.sequence(
    der.tagged(0, [der.integer(Buffer.of(2))]),
    der.integer(serialNumber()),
    algorithm,
    content.issuer,
    der.sequence(der.time(content.notBefore), der.time(content.notAfter)),
    content.subject,
    der.parse(encodedKey(content.publicKey)),
    der.tagged(3, [der.sequence(...content.extensions)]),
  )
  const signature = sign('sha256', der.encode(toBeSigned), issuerKey)

  return pem(der.encode(der.sequence(toBeSigned, algorithm, der.bitString(signature))))
}

/** A distinguished name of an organisation and a common name. */
export function distinguishedName(der: Der, commonName: string): DerNode {
  const attribute = (id: string, text: string) => der.set(der.sequence(der.oid(id), der.utf8String(text)))
  return der.sequence(attribute(ORGANIZATION, 'nemoclaw'), attribute(COMMON_NAME, commonName))
}

/** The subject of a certificate exactly as it is encoded there, which is how verifiers compare issuer and subject. */
export function subjectOf(der: Der, certificate: X509Certificate): DerNode {
  const toBeSigned = (der.parse(certificate.raw).value as DerNode[])[0]!
  return (toBeSigned.value as DerNode[])[5]!
}

/**
 * Names a public key (RFC 7093 §2, method 1: 160 bits of SHA-256 over the key's bit string; SHA-1, the older method,
 * is missing where FIPS rules).
 */
export function keyIdentifier(der: Der, publicKey: KeyObject): Buffer {
  const bitString = (der.parse(encodedKey(publicKey)).value as DerNode[])[1]!
  const octets = Buffer.from(bitString.value as string, 'latin1').subarray(1)
  return createHash('sha256').update(octets).digest().subarray(0, 20)
}

function encodedKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** 126 random bits. The top bit is clear, or the number is negative; the next is set, or its length varies. */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}

function pem(octets: Buffer): string {
  const lines = octets.toString('base64').match(/.{1,64}/g)!
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
