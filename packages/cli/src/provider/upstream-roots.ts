import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SYSTEM_BUNDLES, systemRoots } from '../ca/system-roots.js'
import { UserError } from '../user-error.js'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** Far above any bundle. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/**
 * Roots trusted for providers besides those that Node bundles: this system's, and those of the operator's own files.
 *
 * @param files - Each a PEM file given by the operator, e.g. by `--upstream-ca`.
 * @throws {UserError} `ERR_UPSTREAM_CA` where a file cannot be read or holds no certificate.
 */
export function upstreamRoots(files: readonly string[]): readonly string[] {
  return [...systemRoots(SYSTEM_BUNDLES), ...files.flatMap(certificatesOf)]
}

function certificatesOf(file: string): readonly string[] {
  const certificates = read(file).match(CERTIFICATE) ?? []
  if (certificates.length > 0 && certificates.every(isCertificate)) return certificates
  throw new UserError('ERR_UPSTREAM_CA', `${file} holds no PEM certificate, or a broken one`, {
    suggestions: [`Look at it: openssl x509 -in ${file} -noout -subject`],
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1').slice(0, MAX_CHARACTERS)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new UserError('ERR_UPSTREAM_CA', `cannot read the CA file ${file}${code}`, { suggestions: [`ls -l ${file}`] })
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}
