import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import { issueAuthority, issueLeaf } from '@nemoclaw/proxy-core/tls'
import { expect, test } from 'vitest'
import { openssl } from './openssl-chain.js'
import { temporaryFolder } from './temporary-folder.js'

const DAY_MS = 86_400_000
const now = new Date()
const authority = await issueAuthority({ now })
const leaf = await issueLeaf(authority, { now })
const [leafPem, ...rest] = leaf.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)

/** What openssl prints of the extensions. */
async function extensionsOf(pem: string): Promise<string> {
  using folder = temporaryFolder()
  const text = await openssl('x509', '-in', folder.write('c.pem', pem), '-noout', '-text')
  return text.slice(text.indexOf('X509v3 extensions:'), text.indexOf('Signature Algorithm:', 500)).replace(/ +/g, ' ')
}

/** `openssl verify` of the whole chain at a moment. */
async function verifyAt(moment: Date): Promise<string> {
  using folder = temporaryFolder()
  return await openssl(
    ...['verify', '-x509_strict', '-attime', String(Math.floor(moment.getTime() / 1000))],
    ...['-CAfile', folder.write('root.pem', authority.rootCertificatePem)],
    ...['-untrusted', folder.write('intermediate.pem', authority.intermediateCertificatePem)],
    ...['-purpose', 'sslserver', '-verify_hostname', 'inference.local', folder.write('leaf.pem', leafPem!)],
  )
}

test('the root may sign one level of CAs, and only for inference.local', async () => {
  const extensions = await extensionsOf(authority.rootCertificatePem)

  expect(extensions).toContain('X509v3 Basic Constraints: critical\n CA:TRUE, pathlen:1\n')
  expect(extensions).toContain('X509v3 Key Usage: critical\n Certificate Sign, CRL Sign\n')
  expect(extensions).toContain('X509v3 Name Constraints: critical\n Permitted:\n DNS:inference.local\n Excluded:\n IP:')
  expect(extensions).toContain('X509v3 Subject Key Identifier:')
})

test('the intermediate may sign server certificates for inference.local and for no address', async () => {
  const extensions = await extensionsOf(authority.intermediateCertificatePem)

  expect(extensions).toContain('X509v3 Basic Constraints: critical\n CA:TRUE, pathlen:0\n')
  expect(extensions).toContain('X509v3 Key Usage: critical\n Certificate Sign, CRL Sign\n')
  expect(extensions).toContain('X509v3 Extended Key Usage: \n TLS Web Server Authentication\n')
  expect(extensions).toContain(
    [
      'X509v3 Name Constraints: critical',
      ' Permitted:',
      ' DNS:inference.local',
      ' Excluded:',
      ' IP:0.0.0.0/0.0.0.0',
      ' IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0',
    ].join('\n'),
  )
  expect(extensions).toContain('X509v3 Authority Key Identifier:')
})

test('the leaf says all that a strict verifier wants to know', async () => {
  const extensions = await extensionsOf(leafPem!)

  expect(extensions).toContain('X509v3 Basic Constraints: critical\n CA:FALSE\n')
  expect(extensions).toContain('X509v3 Key Usage: critical\n Digital Signature\n')
  expect(extensions).toContain('X509v3 Extended Key Usage: \n TLS Web Server Authentication\n')
  expect(extensions).toContain('X509v3 Subject Alternative Name: \n DNS:inference.local\n')
  expect(extensions).toContain('X509v3 Subject Key Identifier:')
  expect(extensions).toContain('X509v3 Authority Key Identifier:')
})

test('the chain is the leaf and the intermediate, and verifies', async () => {
  expect(rest).toEqual([authority.intermediateCertificatePem])
  expect(await verifyAt(now)).toMatch(/: OK$/m)
})

test('a client whose clock is two days slow verifies the chain, and the last day it is valid', async () => {
  expect(await verifyAt(new Date(now.getTime() - 2 * DAY_MS))).toMatch(/: OK$/m)
  expect(await verifyAt(new Date(now.getTime() + 90 * DAY_MS - 1000))).toMatch(/: OK$/m)
  await expect(verifyAt(new Date(now.getTime() - 4 * DAY_MS))).rejects.toThrow('not yet valid')
  await expect(verifyAt(new Date(now.getTime() + 91 * DAY_MS))).rejects.toThrow('expired')
})

test('root and intermediate are valid for 10 years, the leaf for 90 days', () => {
  const root = new X509Certificate(authority.rootCertificatePem)
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)

  expect(new Date(root.validTo).getUTCFullYear()).toBe(now.getUTCFullYear() + 10)
  expect(authority.notAfter).toEqual(new Date(root.validTo))
  expect(seconds(new Date(new X509Certificate(leafPem!).validTo))).toBe(seconds(leaf.notAfter))
  expect(seconds(leaf.notAfter)).toBe(seconds(now) + 90 * 86_400)
})

test('years from 2050 on are written with four digits', async () => {
  const late = await issueAuthority({ now: new Date('2049-12-31T12:00:00Z') })

  expect(new X509Certificate(late.rootCertificatePem).validTo).toBe('Dec 31 12:00:00 2059 GMT')
  expect(new X509Certificate(late.rootCertificatePem).validFrom).toBe('Dec 28 12:00:00 2049 GMT')
})

test('a leaf ends no later than its authority', async () => {
  const last = await issueLeaf(authority, { now: new Date(authority.notAfter.getTime() - 10 * DAY_MS) })

  expect(last.notAfter).toEqual(authority.notAfter)
})

test('the key of the root is nowhere: the one that is kept is the key of the intermediate', () => {
  const kept = createPublicKey(createPrivateKey(authority.intermediateKeyPem)).export({ type: 'spki', format: 'pem' })
  const publicKeyOf = (pem: string) => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'pem' })

  expect(kept).toBe(publicKeyOf(authority.intermediateCertificatePem))
  expect(kept).not.toBe(publicKeyOf(authority.rootCertificatePem))
  expect(inspect(authority, { depth: 9, maxStringLength: null }).match(/PRIVATE KEY/g)).toHaveLength(2)
})

test('two authorities share neither name, key nor serial number', async () => {
  const other = await issueAuthority({ now })
  const [one, two] = [authority, other].map(({ rootCertificatePem }) => new X509Certificate(rootCertificatePem))

  expect(one!.subject).toMatch(/^O=nemoclaw\nCN=nemoclaw root CA [0-9a-f]{6}$/)
  expect(one!.subject).not.toBe(two!.subject)
  expect(one!.serialNumber).not.toBe(two!.serialNumber)
  expect(authority.fingerprints.root).toBe(one!.fingerprint256)
  expect(authority.fingerprints.root).not.toBe(other.fingerprints.root)
})
