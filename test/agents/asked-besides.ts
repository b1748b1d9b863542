import type { ProxyEvent } from '@nemoclaw/proxy-core'

/** What a client asked for and did not get, each once with its count: `CONNECT example.com:443 denied 2`. */
export function askedBesides(events: readonly ProxyEvent[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const event of events) {
    const line = refusal(event)
    if (line !== undefined) {
      counts.set(line, (counts.get(line) ?? 0) + 1)
    }
  }
  return [...counts].map(([line, count]) => `${line} ${count}`)
}

function refusal(event: ProxyEvent): string | undefined {
  switch (event.kind) {
    case 'egress':
      return event.action === 'deny' ? `${event.method} ${event.target} denied` : undefined
    case 'exchange':
      return event.outcome === 'complete' ? undefined : `${event.method} ${event.path} ${event.errorCode}`
    default:
      return undefined
  }
}
