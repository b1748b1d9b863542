import { type Answer, bytesAnswer, type Field, jsonAnswer } from './answer/answer.js'
import type { Dialect } from './answer/dialect.js'
import { errorAnswer, type VendorError } from './answer/dialect-error.js'
import {
  CONTENT_NOT_JSON,
  endpointMissing,
  keyRefused,
  MAX_TOKENS_REJECTED,
  memberMissing,
  modelNotFound,
  vendorError,
} from './answer/refusals.js'
import type { MockExchange } from './dialect/exchange.js'
import { requestBody } from './dialect/request-body.js'
import type { Misbehaviour } from './fault/misbehaviour.js'
import { resolveMisbehaviour } from './fault/resolve-misbehaviour.js'
import { dialectOfPath, matchEndpoint } from './match-endpoint.js'
import { receivedCredential } from './received-credential.js'
import type { ReceivedRequest } from './record/received-request.js'

/** What varies from one request to the next besides the request. */
export interface AnswerContext {
  /** Credentials that are accepted; undefined accepts any, and none. */
  readonly apiKeys: readonly string[] | undefined
  /** Model name to go by instead of the request's, from `failNext`. */
  readonly fault: string | undefined
  readonly requestId: string
  /** Seconds since 1970. */
  readonly createdAt: number
}

/** An answer, whose manner it has, and how it is to be spoilt. */
export interface DecidedAnswer {
  readonly answer: Answer
  readonly dialect: Dialect
  readonly misbehaviour: Misbehaviour
}

const DEFAULT_MODEL = 'mock/echo'

const GATEWAY_PAGE = Buffer.from(
  `<html>\n<head><title>Bad gateway</title></head>\n<body>${'<p>Please try again in a few minutes.</p>\n'.repeat(20)}</body>\n</html>\n`,
)

/** Decides what a request gets: refusals first, as the vendors do, then faults, then the endpoint's answer. */
export function answerRequest(received: ReceivedRequest, context: AnswerContext): DecidedAnswer {
  const path = received.url.split('?', 1)[0]!
  const endpoint = matchEndpoint(received.method, path, received.headers)
  const dialect = typeof endpoint === 'number' ? dialectOfPath(path) : endpoint.dialect
  const refuse = (error: VendorError, misbehaviour: Misbehaviour = {}): DecidedAnswer => ({
    answer: errorAnswer(dialect, error, context.requestId),
    dialect,
    misbehaviour,
  })

  const credential = receivedCredential(received.headers)
  if (context.apiKeys && !context.apiKeys.includes(credential)) {
    return refuse(keyRefused(dialect, credential))
  }
  if (typeof endpoint === 'number') {
    return refuse(endpointMissing(endpoint, received.method, path))
  }
  if (received.contentBytes > received.content.length) {
    return refuse(vendorError(413, ''))
  }
  const body = requestBody(received)
  if (!body) {
    return refuse(CONTENT_NOT_JSON)
  }
  const missing = endpoint.required.find((name) => body[name] === undefined)
  if (missing) {
    return refuse(memberMissing(dialect, missing))
  }
  const model = typeof body['model'] === 'string' ? body['model'] : DEFAULT_MODEL
  const misbehaviour = resolveMisbehaviour(context.fault ?? model)
  if (!misbehaviour) {
    return refuse(modelNotFound(context.fault ?? model))
  }
  if (misbehaviour.errorStatus !== undefined) {
    return refuse(vendorError(misbehaviour.errorStatus, model), misbehaviour)
  }
  if (misbehaviour.htmlStatus !== undefined) {
    return { answer: bytesAnswer('text/html', GATEWAY_PAGE, misbehaviour.htmlStatus), dialect, misbehaviour }
  }
  if (misbehaviour.redirectStatus !== undefined) {
    const location: Field = ['location', `https://redirected.invalid${received.url}`]
    return { answer: jsonAnswer({}, misbehaviour.redirectStatus, [location]), dialect, misbehaviour }
  }
  if (misbehaviour.rejectsMaxTokens && body['max_tokens'] !== undefined) {
    return refuse(MAX_TOKENS_REJECTED)
  }
  const { requestId, createdAt } = context
  const exchange: MockExchange = { received, body, model, misbehaviour, credential, requestId, createdAt }
  const answer = endpoint.answer(exchange)
  // An error event needs a stream; where nothing streams the same failure is a status.
  return misbehaviour.halfWay === 'error_event' && answer.kind !== 'events'
    ? refuse(vendorError(500, model))
    : { answer, dialect, misbehaviour }
}
