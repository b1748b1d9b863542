import type { IncomingMessage } from 'node:http'
import type { EgressFacts, TunnelOutcome } from './egress-facts.js'
import { EgressDenied } from './policy/egress-denied.js'
import type { ProxyError, ProxyErrorCode } from './proxy-error.js'
import type { RouteSourceKind } from './route/resolved-route.js'
import type { Usage } from './stream/usage.js'
import type { HandshakeOutcome } from './tls/terminate-tls.js'

/** A request to leave the sandbox, and what was decided. Of a forwarded one also what became of it, so it comes at its end. */
export interface EgressEvent extends EgressFacts {
  readonly kind: 'egress'
  readonly id: string
  readonly method: string
  /** The request target as it came: an authority for CONNECT, a URL else; at most 512 characters, without query. */
  readonly target: string
  /** `fail`: it was allowed, and could not be reached. */
  readonly action: 'intercept' | 'tunnel' | 'forward' | 'deny' | 'fail'
  readonly reason?: string
  /** What would allow it: commands and sentences. */
  readonly nextSteps?: readonly string[]
  /** The executables behind the connection, where they were the reason. */
  readonly programs?: readonly string[]
  readonly errorCode?: ProxyErrorCode
}

/** The end of a tunnel. */
export interface TunnelEvent {
  readonly kind: 'tunnel'
  /** That of the `egress` event which opened it. */
  readonly id: string
  readonly client?: string | undefined
  readonly host: string
  readonly port: number
  readonly policy?: string | undefined
  readonly outcome: TunnelOutcome
  readonly totalMs: number
  /** From the client. */
  readonly sentBytes: number
  /** To the client. */
  readonly receivedBytes: number
}

/** How an exchange ended, seen from the client. */
export type ExchangeOutcome = 'complete' | 'refused' | 'upstream_failed' | 'truncated' | 'client_aborted'

/** One exchange on `inference.local`. Never content, never a secret. Names follow OpenTelemetry GenAI where they exist. */
export interface ExchangeEvent extends Usage {
  readonly kind: 'exchange'
  readonly id: string
  /** The name of the token or listener that was used; absent for the proxy's own user. */
  readonly client?: string
  readonly method: string
  /** Path without query. */
  readonly path: string
  readonly protocol?: string
  readonly modelRequested?: string
  readonly modelServed?: string
  readonly provider?: string
  readonly routeSource?: RouteSourceKind
  readonly status?: number
  readonly attempts?: number
  readonly firstByteMs?: number
  readonly totalMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly outcome: ExchangeOutcome
  readonly errorCode?: ProxyErrorCode
  /** For the operator's log only: may name hosts, never a credential. */
  readonly cause?: string
}

/** A bug of ours that was caught at the edge of one exchange. */
export interface FaultEvent {
  readonly kind: 'fault'
  readonly id: string
  readonly error: Error
}

/** Everything the proxy tells; it prints nothing itself. */
export type ProxyEvent = EgressEvent | TunnelEvent | ExchangeEvent | FaultEvent

export type ProxyEventListener = (event: ProxyEvent) => void

const MAX_TARGET_LENGTH = 512

export function egressEvent(
  id: string,
  { method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>,
  action: EgressEvent['action'],
  facts: EgressFacts = {},
  failure?: ProxyError,
): EgressEvent {
  return {
    kind: 'egress',
    id,
    method,
    target: tellableTarget(url),
    action,
    ...facts,
    ...(failure && { reason: failure.message, errorCode: failure.code }),
    ...(failure instanceof EgressDenied && {
      denial: failure.denial.why,
      nextSteps: failure.nextSteps,
      ...(failure.policy && { policy: failure.policy }),
      ...(failure.programs.length > 0 && { programs: failure.programs }),
    }),
  }
}

/** Whether a failure is a decision of ours, or came of the destination. */
export function failedAction({ status }: ProxyError): 'deny' | 'fail' {
  return status >= 500 ? 'fail' : 'deny'
}

/** Of bytes that were no request: neither method nor target is known. */
export function unreadableEvent(id: string, failure: ProxyError, isIntercepted: boolean): ProxyEvent {
  const { code: errorCode, message: reason, status } = failure
  return isIntercepted
    ? {
        kind: 'exchange',
        id,
        method: '',
        path: '',
        status,
        totalMs: 0,
        requestBytes: 0,
        responseBytes: 0,
        outcome: 'refused',
        errorCode,
      }
    : { kind: 'egress', id, method: '', target: '', action: 'deny', reason, errorCode }
}

/** Of a client that was let into the tunnel and could not agree with us on TLS. */
export function handshakeFailedEvent(id: string, { reason, cause }: FailedHandshake): EgressEvent {
  const detail = cause ? `: ${cause.message.trim()}` : ''
  // Some clients say so with an alert, others only leave.
  const hint = reason === 'connection_closed' ? '; does the client trust the CA?' : ''
  return {
    kind: 'egress',
    id,
    method: 'CONNECT',
    target: 'inference.local:443',
    action: 'deny',
    reason: `TLS handshake failed (${reason})${detail}${hint}`,
  }
}

type FailedHandshake = HandshakeOutcome & { readonly kind: 'failed' }

/** A request target without what may be secret in it: query, and user info in whatever form. */
export function tellableTarget(target: string): string {
  const withoutQuery = target.split(/[?#]/, 1)[0]!
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*:\/+|\/\/+)?([^/]*)/i.exec(withoutQuery) ?? []
  // A password may hold a slash: where no host and port stand in front of it, all up to the last @ may be one.
  const isPlain = /^(?:\[[^\]@]*\]|[^:@[\]]*)(?::[0-9]*)?$/.test(authority)
  const told = isPlain ? withoutQuery : `${scheme}${withoutQuery.slice(scheme.length).replace(/^.*@/s, '[redacted]@')}`
  return told.slice(0, MAX_TARGET_LENGTH)
}
