import type { ReadableForm } from './content-form.js'

/** How much of a content's end is looked at. */
export const TERMINAL_TAIL_BYTES = 16 * 1024

// At the beginning of a line: inside a `data` line the same words may be what the model said, in escaped quotes.
const TERMINAL_EVENT =
  /^(?:data: ?\[DONE\]|event: ?(?:message_stop|error|response\.(?:completed|failed|incomplete))$|data: ?\{(?:[^\n]*,)?"type": ?"(?:message_stop|error|response\.(?:completed|failed|incomplete))"|data: ?\{"error")/m

/**
 * Whether content was whole when it stopped. Asked only where nothing frames it (RFC 9112 §8), so that a broken
 * connection and an ended one look alike.
 *
 * @param tail - Its last bytes.
 */
export function looksWhole(form: ReadableForm, tail: Buffer): boolean {
  switch (form) {
    case 'events':
      return TERMINAL_EVENT.test(tail.toString('latin1').replaceAll(/\r\n?/g, '\n'))
    case 'json':
      return /[}\]]\s*$/.test(tail.toString('latin1'))
    default:
      return true
  }
}
