import type { ProxyEvent } from '@nemoclaw/proxy-core'

/**
 * Tells each listener of an event, also where another one fails: a request goes on whatever becomes of its record.
 * Never throws. The first failure is told of as a fault of the request, to those that can still hear it.
 */
export function tellAll(listeners: readonly ((event: ProxyEvent) => void)[], event: ProxyEvent): void {
  const failures = listeners.flatMap((listener) => failureOf(listener, event))
  const [error] = failures
  if (error === undefined || event.kind === 'fault') return
  for (const listener of listeners) failureOf(listener, { kind: 'fault', id: event.id, error })
}

function failureOf(listener: (event: ProxyEvent) => void, event: ProxyEvent): readonly Error[] {
  try {
    listener(event)
    return []
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))]
  }
}
