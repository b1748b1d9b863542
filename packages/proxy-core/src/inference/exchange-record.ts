import { performance } from 'node:perf_hooks'
import type { FieldList } from '../http/field-list.js'
import type { ProxyError } from '../proxy-error.js'
import { type ExchangeEvent, type ExchangeOutcome, tellableTarget } from '../proxy-event.js'
import type { ResolvedRoute } from '../route/resolved-route.js'
import type { Usage } from '../stream/usage.js'
import type { MatchedEndpoint } from './match-endpoint.js'
import { routeFields } from './route-fields.js'

/** What becomes known of an exchange while it runs; told once, at its end. */
export class ExchangeRecord {
  readonly #startedAt = performance.now()
  matched?: MatchedEndpoint
  route?: ResolvedRoute
  modelRequested: string | undefined
  /** Of every response to this request, refusals too. */
  crossOriginFields: FieldList = []
  attempts?: number
  firstByteMs?: number
  requestBytes = 0
  responseBytes = 0
  usage: Usage = {}

  constructor(
    readonly id: string,
    readonly client: string | undefined,
    readonly method: string,
    readonly target: string,
  ) {}

  markFirstByte(): void {
    this.firstByteMs = this.#elapsedMs()
  }

  /** Fields that tell where the request went, as far as it went. */
  routeFields(): FieldList {
    const { route, modelRequested, attempts } = this
    return route ? routeFields({ route, modelRequested, attempts }) : []
  }

  /** @param status - What the client was sent; absent where it was gone before. */
  toEvent(outcome: ExchangeOutcome, status: number | undefined, error?: ProxyError): ExchangeEvent {
    const { id, client, method, matched, route, modelRequested, attempts, firstByteMs, requestBytes, responseBytes } =
      this
    return {
      kind: 'exchange',
      id,
      ...(client !== undefined && { client }),
      method,
      path: matched?.path ?? tellableTarget(this.target),
      ...(matched && { protocol: matched.endpoint.protocol }),
      ...(modelRequested !== undefined && { modelRequested }),
      ...(route && { modelServed: route.model, provider: route.providerName, routeSource: route.source }),
      ...(status !== undefined && { status }),
      ...(attempts !== undefined && { attempts }),
      ...(firstByteMs !== undefined && { firstByteMs }),
      totalMs: this.#elapsedMs(),
      requestBytes,
      responseBytes,
      ...this.usage,
      outcome,
      ...(error && { errorCode: error.code, ...causeOf(error) }),
    }
  }

  #elapsedMs(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10
  }
}

function causeOf({ cause }: ProxyError): { cause?: string } {
  return cause instanceof Error
    ? { cause: `${(cause as NodeJS.ErrnoException).code ?? cause.name}: ${cause.message}` }
    : {}
}
