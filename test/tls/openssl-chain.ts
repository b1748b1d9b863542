import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuthorityMaterial } from '@nemoclaw/proxy-core/tls'
import { runProgram } from './run-program.js'
import type { TemporaryFolder } from './temporary-folder.js'

/** A leaf, what it is shown with, and the root that a client trusts. */
export interface Chain {
  readonly rootPath: string
  readonly chainPem: string
  readonly keyPem: string
}

/** Whom a leaf is for: the lines of its subjectAltName, or only a common name. */
export type LeafSubject = { readonly alternativeName: string } | { readonly commonName: string }

/**
 * Misuses the authority's key as somebody would who has stolen it: with another program than ours, for any name. All
 * but the name is as a verifier wants it.
 */
export async function signWithStolenKey(
  folder: TemporaryFolder,
  authority: AuthorityMaterial,
  subject: LeafSubject,
): Promise<Chain> {
  const issuer = {
    certificatePath: folder.write('intermediate.pem', authority.intermediateCertificatePem),
    keyPath: folder.write('intermediate-key.pem', authority.intermediateKeyPem),
  }
  const leaf = await signLeaf(folder, issuer, subject)
  return {
    rootPath: folder.write('root.pem', authority.rootCertificatePem),
    chainPem: leaf.certificatePem + authority.intermediateCertificatePem,
    keyPem: leaf.keyPem,
  }
}

/**
 * The same leaf under a root without constraints and an intermediate of ours signed by that root: with the constraints
 * of the real one, copied octet by octet, or (`constraints: 'removed'`) without them.
 */
export async function signUnderPlainRoot(
  folder: TemporaryFolder,
  authority: AuthorityMaterial,
  subject: LeafSubject,
  { constraints }: { readonly constraints: 'kept' | 'removed' },
): Promise<Chain> {
  const rootPath = join(folder.path, 'plain-root.pem')
  const rootKeyPath = join(folder.path, 'plain-root-key.pem')
  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=plain root'],
    ...['-keyout', rootKeyPath, '-out', rootPath, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  )
  const keyPath = folder.write('intermediate-key.pem', authority.intermediateKeyPem)
  const requestPath = join(folder.path, 'intermediate.csr')
  const certificatePath = join(folder.path, 'intermediate-again.pem')
  const extensions = [
    'basicConstraints=critical,CA:true,pathlen:0',
    'keyUsage=critical,keyCertSign,cRLSign',
    'extendedKeyUsage=serverAuth',
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid',
    ...(constraints === 'kept' ? [`2.5.29.30=critical,DER:${nameConstraintsOf(authority)}`] : []),
  ]
  await openssl('req', '-new', '-key', keyPath, '-subj', '/CN=our intermediate', '-out', requestPath)
  await openssl(
    ...['x509', '-req', '-in', requestPath, '-CA', rootPath, '-CAkey', rootKeyPath, '-set_serial', '7'],
    ...['-days', '30', '-sha256', '-extfile', folder.write('intermediate.cnf', extensions.join('\n'))],
    ...['-out', certificatePath],
  )
  const leaf = await signLeaf(folder, { certificatePath, keyPath }, subject)
  return { rootPath, chainPem: leaf.certificatePem + readFileSync(certificatePath, 'utf8'), keyPem: leaf.keyPem }
}

/** The value of the critical nameConstraints extension, in hexadecimal. */
function nameConstraintsOf({ intermediateCertificatePem }: AuthorityMaterial): string {
  const { raw } = new X509Certificate(intermediateCertificatePem)
  const before = Buffer.from('0603551d1e0101ff04', 'hex') // OID 2.5.29.30, TRUE, OCTET STRING
  const start = raw.indexOf(before) + before.length + 1
  return raw.subarray(start, start + raw[start - 1]!).toString('hex')
}

async function signLeaf(
  folder: TemporaryFolder,
  issuer: { readonly certificatePath: string; readonly keyPath: string },
  subject: LeafSubject,
): Promise<{ certificatePem: string; keyPem: string }> {
  const keyPath = join(folder.path, 'leaf-key.pem')
  const requestPath = join(folder.path, 'leaf.csr')
  const certificatePath = join(folder.path, 'leaf.pem')
  const commonName = 'commonName' in subject ? subject.commonName : 'a leaf'
  await openssl(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${commonName}`],
    ...['-keyout', keyPath, '-out', requestPath],
  )
  const extensions = [
    'basicConstraints=critical,CA:false',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth',
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid',
    ...('alternativeName' in subject ? [`subjectAltName=${subject.alternativeName}`] : []),
  ]
  await openssl(
    ...['x509', '-req', '-in', requestPath, '-CA', issuer.certificatePath, '-CAkey', issuer.keyPath],
    ...['-set_serial', '99', '-days', '20', '-sha256', '-extfile', folder.write('leaf.cnf', extensions.join('\n'))],
    ...['-out', certificatePath],
  )
  return { certificatePem: readFileSync(certificatePath, 'utf8'), keyPem: readFileSync(keyPath, 'utf8') }
}

/** @throws with what openssl said. */
export async function openssl(...parameters: readonly string[]): Promise<string> {
  const { exitCode, output } = await runProgram('openssl', parameters)
  if (exitCode !== 0) throw new Error(`openssl ${parameters.join(' ')}\n${output}`)
  return output
}
