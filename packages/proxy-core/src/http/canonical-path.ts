// Forms that one parser reads as another path than the next one does. Nothing is canonicalised into a match.
const AMBIGUOUS = /\/\/|\\|;|\/\.{1,2}(?=\/|$)|%(?:2f|5c|2e|00)/i
// What may not come out of percent-decoding: control characters, and another percent-encoding.
const AMBIGUOUS_DECODED = /[\0-\x1f\x7f]|%[0-9a-f]{2}/i

/** Whether every parser reads a path alike: no dot segments, `//`, `\`, `;`, encoded separators, double or broken encodings (RFC 3986 §6.2.2). */
export function isCanonicalPath(path: string): boolean {
  const decoded = decodedOrUndefined(path)
  return decoded !== undefined && !AMBIGUOUS.test(path) && !AMBIGUOUS_DECODED.test(decoded)
}

/** @returns `undefined` where it does not decode to text. */
export function decodedOrUndefined(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
