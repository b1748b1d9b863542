import { generateKeyPairSync } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import forge from 'node-forge'

/** How a provider's certificate departs from a good one for `localhost` and 127.0.0.1. */
export interface CertificateFlaw {
  /** Names in subjectAltName; none where empty. */
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly commonName?: string
  /** Days from now. */
  readonly startsInDays?: number
  readonly endsInDays?: number
  readonly signedBy?: 'authority' | 'itself' | 'nobody known' | 'a leaf'
  readonly extendedKeyUsage?: 'serverAuth' | 'clientAuth'
}

const DAY_MS = 86_400_000
let serial = 1
const keys = generateKeys()
const authority = issue(keys, 'Test provider CA', keys, 'Test provider CA', [
  { name: 'basicConstraints', cA: true, critical: true },
])

/** PEM of the root that vouches for the good ones. */
export const PROVIDER_ROOT = forge.pki.certificateToPem(authority)

/** Key and certificate for a provider's TLS listener. */
export function providerTls(flaw: CertificateFlaw = {}): TlsOptions {
  const { names = ['localhost'], addresses = ['127.0.0.1'], commonName = 'localhost', signedBy = 'authority' } = flaw
  const own = generateKeys()
  const altNames = [...names.map((value) => ({ type: 2, value })), ...addresses.map((ip) => ({ type: 7, ip }))]
  const extensions = [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', [flaw.extendedKeyUsage ?? 'serverAuth']: true },
    ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
  ]
  const validity = [flaw.startsInDays ?? -1, flaw.endsInDays ?? 30] as const
  switch (signedBy) {
    case 'itself':
      return tlsOptions(own, [issue(own, commonName, own, commonName, extensions, validity)])
    case 'nobody known': {
      const stranger = generateKeys()
      return tlsOptions(own, [issue(own, commonName, stranger, 'Unknown CA', extensions, validity)])
    }
    case 'a leaf': {
      const leaf = generateKeys()
      const middle = issue(leaf, 'other.example', keys, 'Test provider CA', [{ name: 'basicConstraints', cA: false }])
      return tlsOptions(own, [issue(own, commonName, leaf, 'other.example', extensions, validity), middle])
    }
    case 'authority':
      return tlsOptions(own, [issue(own, commonName, keys, 'Test provider CA', extensions, validity)])
  }
}

interface Keys {
  readonly publicKey: forge.pki.PublicKey
  readonly privateKey: forge.pki.PrivateKey
  readonly pem: string
}

function generateKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return {
    publicKey: forge.pki.publicKeyFromPem(publicKey),
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    pem: privateKey,
  }
}

function issue(
  subject: Keys,
  subjectName: string,
  issuer: Keys,
  issuerName: string,
  extensions: object[],
  [startsInDays, endsInDays]: readonly [number, number] = [-1, 30],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = subject.publicKey
  certificate.serialNumber = (++serial).toString(16).padStart(2, '0')
  certificate.validity.notBefore = new Date(Date.now() + startsInDays * DAY_MS)
  certificate.validity.notAfter = new Date(Date.now() + endsInDays * DAY_MS)
  certificate.setSubject([{ name: 'commonName', value: subjectName }])
  certificate.setIssuer([{ name: 'commonName', value: issuerName }])
  certificate.setExtensions(extensions)
  certificate.sign(issuer.privateKey as forge.pki.rsa.PrivateKey, forge.md.sha256.create())
  return certificate
}

function tlsOptions(own: Keys, chain: readonly forge.pki.Certificate[]): TlsOptions {
  return { key: own.pem, cert: chain.map((certificate) => forge.pki.certificateToPem(certificate)).join('') }
}
