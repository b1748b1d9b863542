const LF = 0x0a
const CR = 0x0d

/**
 * Finds where the last whole event in a piece of an event stream ends (WHATWG HTML, "Parsing an event stream":
 * an empty line, with LF, CRLF or CR as line ends).
 *
 * @returns Bytes up to and with the last empty line; 0 where there is none.
 */
export function lastEventEnd(content: Buffer): number {
  for (let at = content.length - 1; at > 0; at--) {
    const byte = content[at]
    if (byte !== LF && byte !== CR) {
      continue
    }
    const before = content[at - 1]
    // A CRLF is one line end: look at what stands before it.
    const previousEnd = byte === LF && before === CR ? content[at - 2] : before
    if (previousEnd === LF || previousEnd === CR) {
      return at + 1
    }
  }
  return 0
}
