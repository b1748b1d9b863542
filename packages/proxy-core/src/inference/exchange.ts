import type { ServerResponse } from 'node:http'
import type { ClientExchange } from '../http/client-exchange.js'
import { fieldValues, listMembers } from '../http/field-list.js'
import { announcesContent, checkRequestHead } from '../http/request-head.js'
import { ProxyError } from '../proxy-error.js'
import type { ResolvedRoute } from '../route/resolved-route.js'
import type { RouteSource } from '../route/route-source.js'
import { type RelayResult, relayResponse } from '../stream/relay-response.js'
import { responseFields } from '../stream/response-fields.js'
import type { SendUpstream } from '../upstream/send-upstream.js'
import { answerLocally } from './answer-locally.js'
import { checkHost } from './check-host.js'
import { checkResponse } from './check-response.js'
import { crossOriginFields, preflightFields } from './cross-origin.js'
import type { ExchangeRecord } from './exchange-record.js'
import type { InferenceEndpoint } from './inference-endpoint.js'
import { matchEndpoint } from './match-endpoint.js'
import { prepareContent } from './prepare-content.js'
import { readContent } from './read-content.js'
import { refuseServerTools } from './server-tools.js'
import { streamFailureEvent } from './stream-failure.js'
import { upstreamFields } from './upstream-fields.js'
import { upstreamUrl } from './upstream-url.js'

export interface ExchangeContext {
  readonly routes: RouteSource
  readonly send: SendUpstream
  /** Limit of a request's content, in bytes, encoded and decoded. */
  readonly maxContentBytes: number
  /** Milliseconds a client may take between two bytes of its content. */
  readonly contentIdleTimeoutMs: number
  /** Origins of web pages that may call, besides none. */
  readonly allowedOrigins: readonly string[]
}

/**
 * Serves one request on `inference.local`: client request in, provider response out.
 *
 * @returns How the relayed response ended; `undefined` where the proxy answered itself.
 * @throws {ProxyError} Where no response has been begun.
 */
export async function exchange(
  { request, response, expectsContinue, cut: { signal } }: ClientExchange,
  { routes, send, maxContentBytes, contentIdleTimeoutMs, allowedOrigins }: ExchangeContext,
  record: ExchangeRecord,
): Promise<RelayResult | undefined> {
  const fields = checkRequestHead(request)
  checkHost(fields)
  record.crossOriginFields = crossOriginFields(fields, allowedOrigins)
  if (request.method === 'OPTIONS' && record.crossOriginFields.length > 0) {
    response.writeHead(204, [...record.crossOriginFields, ...preflightFields(fields)].flat()).end()
    return undefined
  }
  const matched = matchEndpoint(request.method ?? '', request.url ?? '', listMembers(fieldValues(fields, 'upgrade')))
  const { endpoint, path, query } = matched
  record.matched = matched

  if (endpoint.form === 'none') {
    if (announcesContent(fields)) {
      throw new ProxyError('ERR_REQUEST_MALFORMED', `${endpoint.method} ${path} takes no content.`)
    }
    const route = await routes.resolve(undefined)
    record.route = route
    sendJson(response, answerLocally(path, route, maxContentBytes), [
      ...record.routeFields(),
      ...record.crossOriginFields,
    ])
    return undefined
  }

  const received = await readContent(request, {
    maxContentBytes,
    idleTimeoutMs: contentIdleTimeoutMs,
    onContinue: () => expectsContinue && response.writeContinue(),
    signal,
  })
  record.requestBytes = received.length
  const content = await prepareContent(endpoint.form, fields, received, maxContentBytes)
  const { modelRequested } = content
  record.modelRequested = modelRequested

  const route = await routes.resolve(modelRequested)
  record.route = route
  requireProtocol(route, endpoint)
  if (route.serverTools === 'deny') {
    refuseServerTools(content.plain, content.members)
  }

  const upstream = await send({
    method: endpoint.method,
    url: upstreamUrl(route.baseUrl, path),
    query,
    fields: upstreamFields(fields, route),
    content: content.withModel(route.model),
    timeouts: route.timeouts,
    signal,
    onAttempt: (attempt) => {
      record.attempts = attempt
    },
  })
  checkResponse(upstream)

  return relayResponse(upstream, response, {
    fields: [...responseFields(upstream.fields), ...record.routeFields(), ...record.crossOriginFields],
    origin: new URL(route.baseUrl).origin,
    failureEvent: (error) => streamFailureEvent(endpoint.protocol, error, route.model),
    onFirstByte: () => record.markFirstByte(),
    signal,
  })
}

function requireProtocol(route: ResolvedRoute, { protocol, path }: InferenceEndpoint): void {
  if (!route.protocols.includes(protocol)) {
    throw new ProxyError(
      'ERR_NO_COMPATIBLE_ROUTE',
      `There is no compatible route for ${path}: provider "${route.providerName}" (${route.providerType}) does not ` +
        `speak ${protocol}. It speaks ${route.protocols.join(', ')}.`,
    )
  }
}

function sendJson(response: ServerResponse, content: string, fields: readonly (readonly [string, string])[]): void {
  response.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(content)),
    ...fields.flat(),
  ])
  response.end(content)
}
