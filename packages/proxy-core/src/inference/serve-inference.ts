import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { proxyStatusField } from '../http/proxy-status.js'
import { ProxyError } from '../proxy-error.js'
import type { ProxyEventListener } from '../proxy-event.js'
import { dialectError, dialectOfTarget } from './dialect-error.js'
import { type ExchangeContext, exchange } from './exchange.js'
import { ExchangeRecord } from './exchange-record.js'

export interface ServeInferenceContext extends ExchangeContext {
  readonly onEvent: ProxyEventListener
  /** Whether new exchanges are refused because the proxy is about to end. */
  readonly isDraining: () => boolean
}

// A client that is still sending reads our refusal only if we go on taking what it sends: closed at once, the
// kernel answers its bytes with a reset that overtakes the response.
const LINGER_MS = 2_000

/** Runs one exchange, answers its failure in the caller's dialect, and tells what became of it. Never rejects. */
export async function serveInference(
  request: IncomingMessage,
  response: ServerResponse,
  context: ServeInferenceContext,
  { id, expectsContinue }: { readonly id: string; readonly expectsContinue: boolean },
): Promise<void> {
  const record = new ExchangeRecord(id, request.method ?? '', request.url ?? '')
  const gone = new AbortController()
  // A write that meets a connection closed a moment before is an 'error' event; 'close' has said it all.
  response.on('error', () => {})
  response.once('close', () => {
    if (!response.writableFinished) {
      gone.abort()
    }
  })
  try {
    if (!(await hasTurn(request, response))) {
      context.onEvent(record.toEvent('client_aborted', undefined))
      return
    }
    if (context.isDraining()) {
      throw new ProxyError('ERR_SHUTTING_DOWN', 'The proxy is shutting down; try again in a moment.')
    }
    const result = await exchange(request, response, context, record, { expectsContinue, signal: gone.signal })
    record.responseBytes = result?.bytes ?? 0
    record.usage = result?.usage ?? {}
    context.onEvent(record.toEvent(result?.outcome ?? 'complete', response.statusCode, result?.failure))
  } catch (error) {
    if (gone.signal.aborted) {
      context.onEvent(record.toEvent('client_aborted', undefined))
      return
    }
    const failure = error instanceof ProxyError ? error : internalError(error)
    if (failure.code === 'ERR_INTERNAL') {
      context.onEvent({ kind: 'fault', id, error: error as Error })
    }
    const dialect = record.matched?.endpoint.dialect ?? dialectOfTarget(request.url)
    await refuseExchange(request, response, failure, dialectError(dialect, failure))
    context.onEvent(record.toEvent(failure.status >= 502 ? 'upstream_failed' : 'refused', failure.status, failure))
  }
}

/**
 * Pipelined requests are served one after the other (RFC 9112 §9.3.2), though Node announces them all at once.
 *
 * @returns Whether there is still a connection to answer on.
 */
async function hasTurn(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (response.socket === null) {
    await Promise.race([once(response, 'socket'), once(request, 'close').catch(() => {})])
  }
  return response.socket !== null
}

/** Writes a refusal whole. The connection closes behind it: what else it carries was not understood or not wanted. */
export async function refuseExchange(
  request: IncomingMessage,
  response: ServerResponse,
  error: ProxyError,
  content: string,
): Promise<void> {
  if (response.headersSent) {
    response.socket?.destroy()
    return
  }
  response.writeHead(error.status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(content),
    'Proxy-Status': proxyStatusField(error),
    ...(error.status === 405 && { Allow: 'GET, POST' }),
    Connection: 'close',
  })
  response.write(content)
  await lingered(request)
  response.end()
}

/** Takes and drops what the client still sends, for a while. */
async function lingered(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) {
    return
  }
  request.resume()
  await Promise.race([once(request, 'close').catch(() => {}), setTimeout(LINGER_MS, undefined, { ref: false })])
}

function internalError(cause: unknown): ProxyError {
  return new ProxyError('ERR_INTERNAL', 'The proxy failed on this request; its log says where.', { cause })
}
