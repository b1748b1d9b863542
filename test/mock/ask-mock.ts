import type { MockProvider } from '@nemoclaw/provider-mock'

/** POSTs JSON to the mock. */
export function postJson(
  { url }: MockProvider,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** What the mock answers to JSON, parsed. */
export async function answerTo(provider: MockProvider, path: string, body: unknown): Promise<Record<string, unknown>> {
  return (await (await postJson(provider, path, body)).json()) as Record<string, unknown>
}

export interface ReceivedEvent {
  readonly event: string | undefined
  /** Parsed, but for `[DONE]`. */
  readonly data: Record<string, unknown> | '[DONE]'
}

/** The events of a stream, and nothing but well-formed ones. */
export async function eventsOf(response: Response): Promise<readonly ReceivedEvent[]> {
  const text = await response.text()
  if (!text.endsWith('\n\n')) {
    throw new Error(`The stream does not end with a blank line: ${JSON.stringify(text.slice(-80))}`)
  }
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const parts = /^(?:event: (\S+)\n)?data: (.*)$/.exec(event)
      if (!parts) {
        throw new Error(`No event: ${JSON.stringify(event)}`)
      }
      const data = parts[2]!
      return { event: parts[1], data: data === '[DONE]' ? data : (JSON.parse(data) as Record<string, unknown>) }
    })
}

/** The data of events that carry JSON. */
export function dataOf(events: readonly ReceivedEvent[]): readonly Record<string, unknown>[] {
  return events.flatMap(({ data }) => (data === '[DONE]' ? [] : [data]))
}
