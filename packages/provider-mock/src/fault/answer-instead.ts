import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { WireAnswer } from '../answer/wire-answer.js'
import type { ClientPresence } from '../client-presence.js'
import { conflictingFraming } from './conflicting-framing.js'
import type { Misbehaviour } from './misbehaviour.js'

/**
 * Does what a fault does in place of a response by the rules.
 *
 * @param reset - Ends the connection with a TCP reset.
 */
export async function answerInstead(
  instead: NonNullable<Misbehaviour['instead']>,
  response: ServerResponse,
  answer: WireAnswer,
  client: ClientPresence,
  reset: () => void,
): Promise<void> {
  if (instead === 'hang') {
    await once(client.left, 'abort')
    return
  }
  client.expectClose()
  switch (instead) {
    case 'close':
      response.socket?.end()
      return
    case 'reset':
      reset()
      return
    case 'not_http':
      response.socket?.end('SSH-2.0-OpenSSH_9.2p1\r\n')
      return
    case 'conflicting_framing':
      response.socket?.end(conflictingFraming(answer))
  }
}
