/** Why a text is no method of a rule: upper case, or `*` for each. */
export function methodViolation(method: string): string | undefined {
  if (method === 'CONNECT') return 'is not asked over plain HTTP: a tunnel is allowed by host and port'
  if (method === '*' || /^[A-Z][A-Z0-9_-]{0,31}$/.test(method)) return undefined
  const upper = method.toUpperCase()
  return `is no method; write ${/^[A-Z][A-Z0-9_-]{0,31}$/.test(upper) ? upper : 'GET'}, or "*" for each`
}

const AMBIGUOUS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/[?#]/, 'a query or a fragment; a rule is about the path alone'],
  [/\/\//, 'an empty segment (//)'],
  [/\\/, 'a backslash'],
  [/;/, 'a semicolon'],
  [/\/\.{1,2}(?=\/|$)/, 'a dot segment'],
  [/%(?:2f|5c|2e|00)/i, 'an encoded slash, backslash, dot or NUL'],
  [/%25[0-9a-f]{2}/i, 'a double encoding'],
  [/%(?![0-9a-f]{2})/i, 'a % that encodes nothing'],
  [/%(?:[01][0-9a-f]|7f)/i, 'an encoded control character'],
  [/[^\x21-\x7e]/, 'a character that a path has percent-encoded only'],
  [/\*{3}/, '***; * stands for anything within a segment, ** across segments'],
]

/** Why a text is no path of a rule. Requests with such paths are refused, so that the rule would allow nothing. */
export function rulePathViolation(path: string): string | undefined {
  if (!path.startsWith('/')) return 'is no path; it begins with /'
  const found = AMBIGUOUS.find(([pattern]) => pattern.test(path))
  return found && `holds ${found[1]}`
}
