import type { ProxyEvent } from '@nemoclaw/proxy-core'
import { printableLine } from '../report/printable.js'
import type { ConfigurationEvent } from './session-routes.js'

/** What the log says: what the proxy tells, and what befell its configuration. */
export type LogEvent =
  | ProxyEvent
  | ConfigurationEvent
  | {
      readonly kind: 'lifecycle'
      readonly action: 'ca_created' | 'ca_rotated' | 'listening' | 'draining' | 'stopped'
      readonly detail?: string
    }

/** @returns One line of JSON; control characters are escaped by JSON. */
export function jsonLine(event: LogEvent, time: Date): string {
  const plain = event.kind === 'fault' ? { ...event, error: `${event.error.name}: ${event.error.message}` } : event
  return JSON.stringify({ time: time.toISOString(), ...plain })
}

/** @returns One line for a person. */
export function textLine(event: LogEvent, time: Date): string {
  return printableLine(`${time.toISOString().slice(11, 23)}  ${describe(event)}`)
}

const CONFIG_ACTIONS = {
  applied: 'applied: ',
  kept_last_good: 'NOT APPLIED, the last good one stays in force: ',
  routes_file: 'the stored one is replaced by ',
  resolved: '',
  unusable: 'NOT USABLE: ',
} as const

function describe(event: LogEvent): string {
  switch (event.kind) {
    case 'egress': {
      const reason = event.reason ? `  ${event.reason}` : ''
      return `${event.action.toUpperCase().padEnd(10)}${event.method} ${event.target}${reason}`
    }
    case 'exchange': {
      const models = event.modelServed ? `${event.modelRequested ?? '(none)'} -> ${event.modelServed}` : ''
      const parts = [
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
      return `CONFIG    ${CONFIG_ACTIONS[event.action]}${event.detail}`
    case 'lifecycle':
      return `PROXY     ${event.action.replace('_', ' ')}${event.detail ? ` ${event.detail}` : ''}`
    case 'fault':
      return `FAULT     ${event.id}: ${event.error.stack ?? event.error.message}`
  }
}
