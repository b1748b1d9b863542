/** How much of a stream's end is looked at. */
export const TERMINAL_TAIL_BYTES = 16 * 1024

const TERMINAL_EVENT =
  /\[DONE\]|"?message_stop"?|response\.(?:completed|failed|incomplete)|(?:^|\n)event: *error|"error"/

/**
 * Whether an event stream was complete when it stopped. Asked only of streams without framing, where a broken
 * connection and an ended one look alike.
 */
export function hasTerminalEvent(tail: Buffer): boolean {
  return TERMINAL_EVENT.test(tail.toString('latin1'))
}
