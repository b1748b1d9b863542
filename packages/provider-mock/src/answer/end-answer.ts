import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClientPresence } from '../client-presence.js'

/** How an answer ends; all but `end` leave its content incomplete. */
export type Ending = 'end' | 'reset' | 'end_mid_chunk' | 'hang'

/** Milliseconds for the client to read what was sent: a reset throws away what still waits in its receive buffer. */
const BEFORE_RESET_MS = 50

/**
 * Ends an answer whose pieces are written.
 *
 * @param reset - Ends the connection with a TCP reset.
 * @throws an `AbortError` when the client leaves first.
 */
export async function endAnswer(
  response: ServerResponse,
  ending: Ending,
  client: ClientPresence,
  reset: () => void,
): Promise<void> {
  switch (ending) {
    case 'end':
      response.end()
      return
    case 'hang':
      await once(client.left, 'abort')
      return
    case 'reset':
      await pause(BEFORE_RESET_MS, undefined, { signal: client.left })
      client.expectClose()
      reset()
      return
    case 'end_mid_chunk':
      client.expectClose()
      // Announces 1,024 octets, brings a few and closes: incomplete by RFC 9112 §8. With a Content-Length, stopping is enough.
      response.socket?.end(response.hasHeader('content-length') ? '' : '400\r\ndata: {"half')
  }
}
