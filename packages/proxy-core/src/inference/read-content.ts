import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../proxy-error.js'
import { ContentBuffer } from './content-buffer.js'

export interface ReadContentOptions {
  /** Bytes, as they come on the wire. */
  readonly maxContentBytes: number
  /** Milliseconds without a single byte. */
  readonly idleTimeoutMs: number
  /** Called once before the first byte is awaited; sends `100 Continue` where the client expects it. */
  readonly onContinue: () => void
  /** Aborted, with a reason, where the content cannot be read to its end. */
  readonly signal: AbortSignal
}

/**
 * Collects a request's content. The whole of it: what a client broke off must never reach a provider as complete.
 *
 * @throws {ProxyError} `ERR_CONTENT_TOO_LARGE` (413) before a byte is read where the length is announced,
 *   `ERR_CONTENT_INCOMPLETE` (400), `ERR_REQUEST_TIMEOUT` (408).
 * @throws The signal's reason.
 */
export async function readContent(
  request: IncomingMessage,
  { maxContentBytes, idleTimeoutMs, onContinue, signal }: ReadContentOptions,
): Promise<Buffer> {
  const announced = request.headers['content-length']
  if (Number(announced ?? 0) > maxContentBytes) {
    throw tooLarge(maxContentBytes)
  }
  signal.throwIfAborted()
  onContinue()
  return new Promise((resolve, reject) => {
    const content = new ContentBuffer(announced === undefined ? undefined : Number(announced))
    const idle = setTimeout(() => {
      fail(new ProxyError('ERR_REQUEST_TIMEOUT', `No content came for ${idleTimeoutMs} ms.`))
    }, idleTimeoutMs)
    const onData = (piece: Buffer) => {
      idle.refresh()
      if (content.length + piece.length > maxContentBytes) {
        fail(tooLarge(maxContentBytes))
      } else {
        content.push(piece)
      }
    }
    const onEnd = () => {
      settle()
      resolve(content.content())
    }
    const onBroken = () => fail(new ProxyError('ERR_CONTENT_INCOMPLETE', 'The content ended before it was complete.'))
    const onAbort = () => fail(signal.reason as Error)
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    const settle = () => {
      clearTimeout(idle)
      signal.removeEventListener('abort', onAbort)
      request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken)
      // A listener has to stay: a later reset of the connection is an 'error' event, and unheard ones are fatal.
      request.on('error', () => {})
    }
    signal.addEventListener('abort', onAbort, { once: true })
    request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken)
  })
}

function tooLarge(maxContentBytes: number): ProxyError {
  return new ProxyError('ERR_CONTENT_TOO_LARGE', `The content is larger than ${maxContentBytes} bytes.`)
}
