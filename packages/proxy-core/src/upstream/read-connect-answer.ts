/** What a proxy has said to CONNECT so far. */
export type ConnectAnswer =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Schemes that it would take a credential by, as `Proxy-Authenticate` names them. */
      readonly schemes: readonly string[]
      /** What came behind the head: of a 2xx the first bytes of the tunnel. */
      readonly rest: Buffer
    }

/** Of all heads together, interim ones included. */
export const MAX_ANSWER_BYTES = 16 * 1024

const VERSION = 'HTTP/1.'
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const FIELD_LINE = /^[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*$/
const HEAD_END = '\r\n\r\n'

/**
 * Reads the answer to CONNECT (RFC 9110 §9.3.6), as much of it as there is.
 *
 * Node's own parser is not used: with CONNECT it takes an interim response for the final one, and it refuses a 2xx whose
 * Content-Length and Transfer-Encoding contradict each other, where the RFC has the client ignore both. What is left
 * to read is a status line and where the head ends. Taken is a subset of what Node's parser takes, and the head ends at
 * the same byte: a test compares the two.
 *
 * @param bytes - Everything received on the connection.
 */
export function readConnectAnswer(bytes: Buffer): ConnectAnswer {
  for (let start = 0; ; ) {
    const end = bytes.indexOf(HEAD_END, start, 'latin1')
    if (end < 0 ? bytes.length > MAX_ANSWER_BYTES : end + HEAD_END.length > MAX_ANSWER_BYTES) {
      return { kind: 'malformed', reason: `the head of its answer is longer than ${MAX_ANSWER_BYTES} bytes` }
    }
    const beginning = bytes.toString('latin1', start, start + VERSION.length)
    // Said at once and not when the time is up: a server of another protocol greets and then waits for us.
    if (!VERSION.startsWith(beginning)) {
      return { kind: 'malformed', reason: 'its answer is no HTTP/1.1' }
    }
    if (end < 0) {
      return { kind: 'incomplete' }
    }
    const [statusLine = '', ...fields] = bytes.toString('latin1', start, end).split('\r\n')
    const status = Number(STATUS_LINE.exec(statusLine)?.[1])
    if (Number.isNaN(status) || !fields.every((field) => FIELD_LINE.test(field))) {
      return { kind: 'malformed', reason: 'the head of its answer is malformed' }
    }
    start = end + HEAD_END.length
    // Interim responses (RFC 9110 §15.2) announce nothing here; 101 would switch to a protocol that nobody asked for.
    if (status >= 200 || status === 101) {
      return { kind: 'answered', status, schemes: schemesOf(fields), rest: bytes.subarray(start) }
    }
  }
}

function schemesOf(fields: readonly string[]): readonly string[] {
  const named = fields.map((field) => /^proxy-authenticate:\s*([A-Za-z][A-Za-z0-9-]{0,31})(?=\s|,|$)/i.exec(field)?.[1])
  return [...new Set(named.filter((scheme) => scheme !== undefined))].slice(0, 8)
}
