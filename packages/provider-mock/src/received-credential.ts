import type { IncomingHttpHeaders } from 'node:http'

/** The credential a request carries, as `Authorization: Bearer` or `x-api-key`; empty where it carries none. */
export function receivedCredential(headers: IncomingHttpHeaders): string {
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  const apiKey = headers['x-api-key']
  return bearer ?? (typeof apiKey === 'string' ? apiKey : '')
}
