import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorEvent } from './answer/dialect-error.js'
import { type Ending, endAnswer } from './answer/end-answer.js'
import { vendorError } from './answer/refusals.js'
import { sendAnswer } from './answer/send-answer.js'
import { vendorFields } from './answer/vendor-fields.js'
import { wireAnswer } from './answer/wire-answer.js'
import { answerRequest } from './answer-request.js'
import { watchClient } from './client-presence.js'
import { answerInstead } from './fault/answer-instead.js'
import type { Misbehaviour } from './fault/misbehaviour.js'
import { spoilAnswer } from './fault/spoil-answer.js'
import { receivedCredential } from './received-credential.js'
import type { RequestEntry, RequestLog } from './record/request-log.js'

/** What serving a request needs of the provider around it. */
export interface ServeContext {
  readonly log: RequestLog
  /** Credentials accepted now; undefined accepts any. */
  readonly apiKeys: () => readonly string[] | undefined
  /** Takes the next fault that `failNext` asked for. */
  readonly takeFault: () => string | undefined
  readonly pieceDelayMs: number
  /** Ends the TCP connection under a request with a reset. */
  readonly reset: (request: IncomingMessage) => void
}

/**
 * Serves one recorded request: reads it, decides the answer, spoils it as told, sends it.
 *
 * @throws an `AbortError` when the client leaves half way.
 */
export async function serveRequest(
  entry: RequestEntry,
  request: IncomingMessage,
  response: ServerResponse,
  { log, apiKeys, takeFault, pieceDelayMs, reset }: ServeContext,
): Promise<void> {
  const startedAtMs = performance.now()
  const fault = takeFault()
  const client = watchClient(response, () => log.noteAbort(entry))
  if (!(await log.readContent(entry, request))) {
    return
  }

  const requestId = `req_${entry.number.toString(36).padStart(24, '0')}`
  const { answer, dialect, misbehaviour } = answerRequest(entry, {
    apiKeys: apiKeys(),
    fault,
    requestId,
    createdAt: Math.floor(entry.receivedAtMs / 1000),
  })

  const whole = wireAnswer(answer)
  const good = {
    ...whole,
    fields: [...vendorFields(dialect, requestId, performance.now() - startedAtMs), ...whole.fields],
  }
  const spoilt = spoilAnswer(good, misbehaviour, {
    errorEvent: errorEvent(dialect, vendorError(500, entry.model ?? ''), requestId),
    credential: receivedCredential(entry.headers),
    acceptsGzip: /\bgzip\b/.test(String(entry.headers['accept-encoding'])),
  })
  if (misbehaviour.instead) {
    return answerInstead(misbehaviour.instead, response, spoilt, client, () => reset(request))
  }
  if (misbehaviour.earlyHints) {
    response.writeEarlyHints({ link: '</mock.css>; rel=preload; as=style' })
  }
  log.noteStatus(entry, spoilt.status)
  const pace = {
    firstByteDelayMs: misbehaviour.firstByteDelayMs ?? 0,
    pieceDelayMs: misbehaviour.pieceDelayMs ?? (answer.kind === 'events' ? pieceDelayMs : 0),
  }
  await sendAnswer(response, spoilt, pace, client.left)
  await endAnswer(response, ending(misbehaviour), client, () => reset(request))
}

function ending({ halfWay }: Misbehaviour): Ending {
  return halfWay === 'reset' || halfWay === 'hang' || halfWay === 'end_mid_chunk' ? halfWay : 'end'
}
