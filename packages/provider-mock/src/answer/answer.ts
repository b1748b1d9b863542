/** One header line. */
export type Field = readonly [name: string, value: string]

/** One server-sent event; `data` that is no string is sent as JSON. */
export interface StreamEvent {
  readonly event?: string
  readonly data: unknown
}

/**
 * What a dialect says in reply, before it is put on the wire: an object, a stream of events, or bytes.
 */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown; readonly fields: readonly Field[] }
  | { readonly kind: 'events'; readonly events: readonly StreamEvent[] }
  | { readonly kind: 'bytes'; readonly status: number; readonly contentType: string; readonly content: Buffer }

export function jsonAnswer(value: unknown, status = 200, fields: readonly Field[] = []): Answer {
  return { kind: 'json', status, value, fields }
}

export function eventsAnswer(events: readonly StreamEvent[]): Answer {
  return { kind: 'events', events }
}

export function bytesAnswer(contentType: string, content: Buffer, status = 200): Answer {
  return { kind: 'bytes', status, contentType, content }
}
