import { checkServerIdentity as checkAsNodeDoes, type PeerCertificate } from 'node:tls'

/**
 * Checks that a certificate is for the host, by its subjectAltName only (RFC 9525 §6.3). Node would take the common name
 * of a certificate without one, where anything may stand.
 *
 * @returns What is wrong; `undefined` where nothing is.
 */
export function checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  return checkAsNodeDoes(host, { ...certificate, subject: { ...certificate.subject, CN: '' } })
}
