import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { EgressFacts } from '../egress-facts.js'
import type { ClientExchange } from '../http/client-exchange.js'
import { fieldListFromRawHeaders } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'
import { forwardRequestFields, forwardResponseFields } from './forward-fields.js'
import type { ForwardTarget } from './forward-target.js'

/**
 * Sends a request on over a connection of its own and streams the answer back. One exchange, then both ends close: no
 * second request passes unchecked.
 *
 * @param socket - Connected to the destination; taken over.
 * @param idleTimeoutMs - Without a byte either way.
 * @throws {ProxyError} 502, 504, or what cut the exchange off; where an answer has begun, the client's connection is
 *   reset before.
 */
export async function relayForward(
  { request, response, expectsContinue, cut }: ClientExchange,
  socket: Socket,
  { originForm, hostField }: ForwardTarget,
  idleTimeoutMs: number,
  facts: EgressFacts,
): Promise<void> {
  const { method = 'GET', httpVersion, rawHeaders } = request
  const fields = forwardRequestFields({ method, httpVersion, fields: fieldListFromRawHeaders(rawHeaders), hostField })
  const upstream = httpRequest({
    method,
    path: originForm,
    headers: fields.flat(),
    createConnection: () => socket,
    insecureHTTPParser: false,
    maxHeaderSize: 64 * 1024,
    setHost: false,
  })
  const onCut = () => upstream.destroy(cut.signal.reason as Error)
  cut.signal.addEventListener('abort', onCut)
  socket.setTimeout(idleTimeoutMs, () => upstream.destroy(idle(idleTimeoutMs)))
  try {
    const answered = answerOf(upstream)
    if (expectsContinue) {
      response.writeContinue()
    }
    request.on('data', (bytes: Buffer) => {
      facts.requestBytes = (facts.requestBytes ?? 0) + bytes.length
    })
    // Not pipeline: an answer that comes before the request has ended is still an answer (RFC 9112 §9.5).
    request.pipe(upstream)
    const answer = checked(await answered)
    facts.status = answer.statusCode ?? 0
    answer.on('data', (bytes: Buffer) => {
      facts.responseBytes = (facts.responseBytes ?? 0) + bytes.length
    })
    const answerFields = forwardResponseFields(answer.httpVersion, fieldListFromRawHeaders(answer.rawHeaders))
    response.writeHead(facts.status, answer.statusMessage, answerFields.flat())
    // Not flushHeaders, which writes the head as UTF-8 and so changes its bytes beyond ASCII.
    response.write(Buffer.alloc(0))
    await pipeline(answer, response)
  } catch (error) {
    throw toFailure(cut.signal.aborted ? cut.signal.reason : error)
  } finally {
    cut.signal.removeEventListener('abort', onCut)
    request.unpipe(upstream)
    upstream.destroy()
  }
}

function answerOf(upstream: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once('response', resolve)
    upstream.on('error', reject)
    upstream.once('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(new ProxyError('ERR_DESTINATION_PROTOCOL', 'The destination changed to a protocol nobody asked for.'))
    })
  })
}

/** @throws {ProxyError} `ERR_DESTINATION_PROTOCOL` (502) for what would mean something else when passed on. */
function checked(answer: IncomingMessage): IncomingMessage {
  const { statusCode = 0, headers } = answer
  const coding = headers['transfer-encoding']
  if (statusCode < 200 || statusCode > 599 || (coding !== undefined && coding.toLowerCase() !== 'chunked')) {
    throw new ProxyError(
      'ERR_DESTINATION_PROTOCOL',
      'The destination answered with a status or coding that cannot be passed on.',
    )
  }
  return answer
}

function idle(idleTimeoutMs: number): ProxyError {
  return new ProxyError('ERR_DESTINATION_TIMEOUT', `The destination sent nothing for ${idleTimeoutMs / 1000} s.`)
}

function toFailure(error: unknown): unknown {
  if (error instanceof ProxyError) {
    return error
  }
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException
  return code.startsWith('HPE_')
    ? new ProxyError('ERR_DESTINATION_PROTOCOL', 'The destination sent no well-formed HTTP/1.1 response.', {
        cause: error,
      })
    : new ProxyError(
        'ERR_DESTINATION_CLOSED',
        'The destination closed the connection before its answer was complete.',
        {
          cause: error,
        },
      )
}
