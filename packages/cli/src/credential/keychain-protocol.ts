/** What the keychain process is asked, one JSON line each on its standard input: never in argv or environment. */
export type KeychainRequest =
  | { readonly id: number; readonly operation: 'get'; readonly account: string }
  | { readonly id: number; readonly operation: 'set'; readonly account: string; readonly value: string }
  | { readonly id: number; readonly operation: 'delete'; readonly account: string }
  | { readonly id: number; readonly operation: 'probe' }

/** What it answers, one JSON line each on its standard output. */
export type KeychainResponse =
  | { readonly id: number; readonly outcome: 'done'; readonly value: string | null; readonly existed: boolean }
  /** The native module does not load: on Linux, libsecret is missing. */
  | { readonly id: number; readonly outcome: 'not_loaded' }
  /** It takes what it is given and does not give it back: locked, with nobody to unlock it. */
  | { readonly id: number; readonly outcome: 'locked' }
  /** The native module's own words, without the secret. */
  | { readonly id: number; readonly outcome: 'failed'; readonly reason: string }

/** Without the `id`, which the connection gives out. */
export type KeychainQuestion = KeychainRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, 'id'>
    : never
  : never

/** One message as one line. Line separators that JSON allows inside a text would cut it in two for Node's readline. */
export function encodeLine(message: KeychainRequest | KeychainResponse): string {
  return `${JSON.stringify(message).replace(/[\u2028\u2029]/g, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'))}\n`
}

/** @returns `undefined` for a line that is no answer: a native library may print what it likes. */
export function decodeResponse(line: string): KeychainResponse | undefined {
  try {
    const message: unknown = JSON.parse(line)
    const isResponse = typeof message === 'object' && message !== null && 'id' in message && 'outcome' in message
    return isResponse ? (message as KeychainResponse) : undefined
  } catch {
    return undefined
  }
}
