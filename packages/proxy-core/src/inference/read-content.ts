import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../proxy-error.js'

export interface ReadContentLimits {
  /** Bytes, as they come on the wire. */
  readonly maxContentBytes: number
  /** Milliseconds without a single byte. */
  readonly idleTimeoutMs: number
}

/**
 * Collects a request's content. The whole of it: what a client broke off must never reach a provider as complete.
 *
 * @param onContinue - Called once before the first byte is awaited; sends `100 Continue` where the client expects it.
 * @returns The chunks in order, not joined.
 * @throws {ProxyError} `ERR_CONTENT_TOO_LARGE` (413) before a byte is read where the length is announced,
 *   `ERR_CONTENT_INCOMPLETE` (400), `ERR_REQUEST_TIMEOUT` (408).
 */
export async function readContent(
  request: IncomingMessage,
  { maxContentBytes, idleTimeoutMs }: ReadContentLimits,
  onContinue: () => void,
): Promise<readonly Buffer[]> {
  if (Number(request.headers['content-length'] ?? 0) > maxContentBytes) {
    throw tooLarge(maxContentBytes)
  }
  onContinue()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let received = 0
    const idle = setTimeout(
      () => settle(() => reject(new ProxyError('ERR_REQUEST_TIMEOUT', `No content came for ${idleTimeoutMs} ms.`))),
      idleTimeoutMs,
    )
    const onData = (chunk: Buffer) => {
      received += chunk.length
      if (received > maxContentBytes) {
        settle(() => reject(tooLarge(maxContentBytes)))
        return
      }
      chunks.push(chunk)
      idle.refresh()
    }
    const onEnd = () => settle(() => resolve(chunks))
    const onBroken = () =>
      settle(() => reject(new ProxyError('ERR_CONTENT_INCOMPLETE', 'The content ended before its announced length.')))
    const settle = (outcome: () => void) => {
      clearTimeout(idle)
      request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken)
      // A listener has to stay: a later reset of the connection is an 'error' event, and unheard ones are fatal.
      request.on('error', () => {})
      outcome()
    }
    request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken)
  })
}

function tooLarge(maxContentBytes: number): ProxyError {
  return new ProxyError('ERR_CONTENT_TOO_LARGE', `The content is larger than ${maxContentBytes} bytes.`)
}
