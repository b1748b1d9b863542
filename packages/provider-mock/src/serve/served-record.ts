import { receivedCredential } from '../received-credential.js'
import type { ReceivedRequest } from '../record/received-request.js'

/** What `nemoclaw mock serve` tells of a request: what a provider sees, but for the content and the key. */
export interface ServedRecord {
  readonly event: 'request'
  readonly number: number
  readonly method: string
  readonly url: string
  readonly model: string | null
  /** Masked; null where none was sent. */
  readonly credential: string | null
  /** Null where there was no response. */
  readonly status: number | null
  readonly contentBytes: number
  readonly clientAborted: boolean
}

export function servedRecord(received: ReceivedRequest): ServedRecord {
  const credential = receivedCredential(received.headers)
  return {
    event: 'request',
    number: received.number,
    method: received.method,
    url: received.url,
    model: received.model ?? null,
    credential: credential === '' ? null : maskedCredential(credential),
    status: received.status ?? null,
    contentBytes: received.contentBytes,
    clientAborted: received.clientAborted,
  }
}

/** The record as one line for a person. */
export function servedLine({ method, url, model, credential, status, clientAborted }: ServedRecord): string {
  const words = [
    method,
    url,
    status ?? 'no response',
    `model ${model ?? '-'}`,
    `key ${credential ?? 'none'}`,
    ...(clientAborted ? ['client left'] : []),
  ]
  // A model's name is whatever the client wrote; on a terminal it may not do more than be read.
  return words
    .join('  ')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
    .slice(0, 400)
}

/** Enough of a key to tell it from another, and too little to use: nothing of a short one. */
export function maskedCredential(credential: string): string {
  return credential.length < 12 ? '***' : `${credential.slice(0, 3)}***${credential.slice(-4)}`
}
