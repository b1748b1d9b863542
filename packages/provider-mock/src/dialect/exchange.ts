import type { Misbehaviour } from '../fault/misbehaviour.js'
import type { ReceivedRequest } from '../record/received-request.js'

/** What an endpoint answers from: the request and what its model name means. */
export interface MockExchange {
  readonly received: ReceivedRequest
  /** The content where it is a JSON object, else the text fields of multipart content. */
  readonly body: Readonly<Record<string, unknown>>
  readonly model: string
  readonly misbehaviour: Misbehaviour
  /** Received credential, empty where there was none. */
  readonly credential: string
  readonly requestId: string
  /** Seconds since 1970. */
  readonly createdAt: number
}

/** An identifier in the vendor's manner, the same for the same request number. */
export function mockId(prefix: string, { received }: MockExchange): string {
  return `${prefix}${received.number.toString(36).padStart(24, '0')}`
}
