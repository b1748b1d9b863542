import { once } from 'node:events'
import type { ClientExchange } from '../http/client-exchange.js'
import { refuseRequest } from '../http/refuse-request.js'
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

/**
 * Runs one exchange, answers its failure in the caller's dialect, and tells what became of it. Never rejects.
 *
 * @param name - What events call the client; absent for the proxy's own user.
 */
export async function serveInference(
  client: ClientExchange,
  name: string | undefined,
  context: ServeInferenceContext,
): Promise<void> {
  const { id, request, response, cut } = client
  const record = new ExchangeRecord(id, name, request.method ?? '', request.url ?? '')
  // A write that meets a connection closed a moment before is an 'error' event; 'close' has said it all.
  response.on('error', () => {})
  response.once('close', () => response.writableFinished || cut.abort())
  try {
    if (!(await hasTurn(client))) {
      context.onEvent(record.toEvent('client_aborted', undefined))
      return
    }
    if (context.isDraining()) {
      throw new ProxyError('ERR_SHUTTING_DOWN', 'The proxy is shutting down; try again in a moment.')
    }
    const result = await exchange(client, context, record)
    record.responseBytes = result?.bytes ?? 0
    record.usage = result?.usage ?? {}
    context.onEvent(record.toEvent(result?.outcome ?? 'complete', response.statusCode, result?.failure))
  } catch (error) {
    const reason: unknown = cut.signal.aborted ? cut.signal.reason : error
    if (cut.signal.aborted && !(reason instanceof ProxyError)) {
      context.onEvent(record.toEvent('client_aborted', undefined))
      return
    }
    const failure = reason instanceof ProxyError ? reason : internalError(reason)
    if (failure.code === 'ERR_INTERNAL') {
      context.onEvent({ kind: 'fault', id, error: reason as Error })
    }
    cut.abort() // Whatever of it is still under way upstream.
    const dialect = record.matched?.endpoint.dialect ?? dialectOfTarget(request.url)
    const content = dialectError(dialect, failure)
    const fields = [...record.routeFields(), ...record.crossOriginFields]
    await refuseRequest(request, response, failure, { content, fields })
    context.onEvent(record.toEvent(failure.status >= 502 ? 'upstream_failed' : 'refused', failure.status, failure))
  }
}

/**
 * Pipelined requests are served one after the other (RFC 9112 §9.3.2), though Node announces them all at once.
 *
 * @returns Whether there is still a connection to answer on.
 */
async function hasTurn({ request, response }: ClientExchange): Promise<boolean> {
  if (response.socket === null) {
    await Promise.race([once(response, 'socket'), once(request, 'close').catch(() => {})])
  }
  return response.socket !== null
}

function internalError(cause: unknown): ProxyError {
  return new ProxyError('ERR_INTERNAL', 'The proxy failed on this request; its log says where.', { cause })
}
