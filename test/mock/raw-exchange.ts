import { once } from 'node:events'
import { connect } from 'node:net'
import type { MockProvider } from '@nemoclaw/provider-mock'

/** What came back over a bare connection, and how it ended. */
export interface RawExchange {
  readonly text: string
  readonly bytes: Buffer
  readonly ended: 'fin' | 'reset' | 'open'
}

/**
 * Sends one POST over a bare connection and reads until the other side closes.
 *
 * @param waitMs - Milliseconds after which a connection that is still open is given up.
 */
export async function rawExchange(
  { port }: MockProvider,
  path: string,
  body: unknown,
  { headers = '', waitMs = 1_000 }: { readonly headers?: string; readonly waitMs?: number } = {},
): Promise<RawExchange> {
  const content = JSON.stringify(body)
  const socket = connect({ host: '127.0.0.1', port })
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  const ended = Promise.race([
    once(socket, 'end').then(() => 'fin' as const),
    once(socket, 'close').then(() => 'reset' as const),
    new Promise<'open'>((resolve) => setTimeout(resolve, waitMs, 'open')),
  ]).catch(() => 'reset' as const)
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`,
  )
  const how = await ended
  socket.destroy()
  const bytes = Buffer.concat(pieces)
  return { text: bytes.toString('latin1'), bytes, ended: how }
}
