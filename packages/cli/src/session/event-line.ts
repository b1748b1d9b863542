import type { EgressEvent, ProxyEvent } from '@nemoclaw/proxy-core'
import { printableLine } from '../report/printable.js'
import type { ConfigurationEvent } from './session-routes.js'

/** What becomes of the proxy itself. */
export type LifecycleEvent =
  /** There is a root now that clients must be told to trust. */
  | { readonly kind: 'lifecycle'; readonly action: 'ca_created' | 'ca_rotated'; readonly root: string }
  | { readonly kind: 'lifecycle'; readonly action: 'listening'; readonly url: string }
  | { readonly kind: 'lifecycle'; readonly action: 'draining'; readonly exchangesUnderWay: number }
  | { readonly kind: 'lifecycle'; readonly action: 'stopped' }
  /** The reader of the log was too slow, or the disk was full. */
  | { readonly kind: 'lifecycle'; readonly action: 'lines_lost'; readonly lines: number }
  /** What a learning proxy let through is not, or not yet, where `policy suggest` finds it. */
  | { readonly kind: 'lifecycle'; readonly action: 'learning_incomplete'; readonly detail: string }

/** What the log says: what the proxy tells, and what befell it and its configuration. */
export type LogEvent = ProxyEvent | ConfigurationEvent | LifecycleEvent

/** @returns One line of JSON. Control characters are escaped, C1 too: `\u009b` means the same in JSON. */
export function jsonLine(event: LogEvent, time: Date): string {
  const plain = event.kind === 'fault' ? { ...event, error: `${event.error.name}: ${event.error.message}` } : event
  return printableLine(JSON.stringify({ time: time.toISOString(), ...plain }))
}

/** @returns One line for a person. */
export function textLine(event: LogEvent, time: Date): string {
  return printableLine(`${time.toISOString().slice(11, 23)}  ${describe(event)}`)
}

const CONFIG_ACTIONS = {
  applied: 'CONFIG    applied: ',
  kept_last_good: 'CONFIG    NOT APPLIED, the last good one stays in force: ',
  routes_file: 'CONFIG    the stored one is replaced by ',
  resolved: 'ROUTE     ',
  unusable: 'ROUTE     NOT USABLE: ',
} as const

function describe(event: LogEvent): string {
  switch (event.kind) {
    case 'egress':
      return egressLine(event)
    case 'tunnel': {
      const { host, port, policy, outcome, totalMs, sentBytes, receivedBytes } = event
      const ended = outcome === 'complete' ? '' : outcome
      const parts = [
        clientPart(event),
        `${host}:${port}`,
        policy ? `policy ${policy}` : '',
        `${totalMs} ms`,
        `${sentBytes} B in, ${receivedBytes} B out`,
        ended,
      ]
      return `CLOSED    ${parts.filter(Boolean).join('  ')}`
    }
    case 'exchange': {
      const models = event.modelServed ? `${event.modelRequested ?? '(none)'} -> ${event.modelServed}` : ''
      const parts = [
        clientPart(event),
        `${event.method} ${event.path}`,
        models,
        event.provider ? `via ${event.provider}` : '',
        `${event.totalMs} ms`,
        event.firstByteMs === undefined ? '' : `first byte ${event.firstByteMs} ms`,
        `${event.requestBytes} B in, ${event.responseBytes} B out`,
        event.inputTokens === undefined ? '' : `${event.inputTokens} tokens in`,
        event.outputTokens === undefined ? '' : `${event.outputTokens} tokens out`,
        event.finishReason ?? '',
        event.outcome === 'complete' ? '' : event.outcome,
        event.errorCode ?? '',
        event.cause ?? '',
      ]
      return `${String(event.status ?? '-').padEnd(10)}${parts.filter(Boolean).join('  ')}`
    }
    case 'config':
      return `${CONFIG_ACTIONS[event.action]}${event.detail}`
    case 'lifecycle':
      return `PROXY     ${lifecycle(event)}`
    case 'fault':
      return `FAULT     ${event.id}: ${event.error.stack ?? event.error.message}`
  }
}

function egressLine(event: EgressEvent): string {
  const { action, method, target, policy, isLearned, status, totalMs, requestBytes, responseBytes, reason } = event
  const parts = [
    clientPart(event),
    `${method} ${target}`,
    policy ? `policy ${policy}` : '',
    isLearned ? 'LEARNED: no policy allows it' : '',
    status === undefined ? '' : `${status}`,
    totalMs === undefined ? '' : `${totalMs} ms`,
    totalMs === undefined ? '' : `${requestBytes ?? 0} B in, ${responseBytes ?? 0} B out`,
    reason ?? '',
    event.nextSteps?.[0] === undefined ? '' : `To allow it: ${event.nextSteps[0]}`,
  ]
  return `${action.toUpperCase().padEnd(10)}${parts.filter(Boolean).join('  ')}`
}

function clientPart({ client }: { readonly client?: string | undefined }): string {
  return client === undefined ? '' : `[${client}]`
}

function lifecycle(event: LifecycleEvent): string {
  switch (event.action) {
    case 'ca_created':
    case 'ca_rotated':
      return `${event.action.replace('_', ' ')}: clients must trust ${event.root}`
    case 'listening':
      return `listening on ${event.url}`
    case 'draining':
      return `draining: ${event.exchangesUnderWay} exchanges under way; another signal ends them at once`
    case 'stopped':
      return 'stopped'
    case 'learning_incomplete':
      return `LEARNING IS INCOMPLETE: ${event.detail}`
    case 'lines_lost':
      return `${event.lines} lines of this log were lost: they could not be written in time`
  }
}
