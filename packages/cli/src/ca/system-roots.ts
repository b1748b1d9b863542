import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

/** Where distributions keep all their roots in one file; the first that is there is used. */
export const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch, Gentoo, Alpine
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, RHEL
  '/etc/pki/tls/certs/ca-bundle.crt', // older Fedora, RHEL, Amazon Linux
  '/etc/ssl/ca-bundle.pem', // openSUSE
  '/etc/ssl/certs/ca-bundle.crt', // NixOS
  '/usr/local/share/certs/ca-root-nss.crt', // FreeBSD
  '/etc/ssl/cert.pem', // macOS, OpenBSD
] as const

/** PEM of every root that this system trusts, or that Node brings where the system has no such file. */
export function systemRoots(bundles: readonly string[]): readonly string[] {
  for (const path of bundles) {
    const roots = certificatesIn(readIfThere(path))
    if (roots.length > 0) return roots
  }
  return rootCertificates.map((pem) => `${pem.trim()}\n`)
}

/** The certificates of a bundle without the comments between them, which not every reader of PEM takes. */
function certificatesIn(bundle: string): readonly string[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return found.map((pem) => `${pem.replaceAll('\r', '')}\n`)
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // Missing, or not ours to read: then it is not what programs of this user trust either.
    return ''
  }
}
