const MAX_NAME_LENGTH = 64
const MAX_VALUE_LENGTH = 1_024

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** RFC 9110 §5.5, visible ASCII only: a control character would end the field and begin another. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/

/**
 * Fields that are the proxy's alone: they frame the message, concern one hop, name the host, carry a session, or tell
 * where a request came from. The profile of a provider may not set them, pass them or send its key in them.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'origin',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
])

const RESERVED_PREFIXES = ['proxy-', 'sec-', 'x-forwarded-', 'x-nemoclaw-'] as const

/** Fields by which providers take a credential: never a constant of the profile, never the client's own. */
const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set([
  'api-key',
  'authorization',
  'x-access-token',
  'x-amz-security-token',
  'x-api-key',
  'x-auth-token',
  'x-goog-api-key',
])

/** Why a name cannot be the field that carries the credential. */
export function credentialFieldViolations(field: string, name: string): readonly string[] {
  if (name.length > MAX_NAME_LENGTH || !TOKEN.test(name)) {
    return [`${field} is no field name; a token of at most ${MAX_NAME_LENGTH} characters is accepted, e.g. x-api-key`]
  }
  return isReserved(name) ? [`${field} is ${name}, which is the proxy's own; a field of the provider is accepted`] : []
}

/** Why a name cannot be a field that the profile sets or lets pass. */
export function headerNameViolations(field: string, name: string): readonly string[] {
  if (name.length > MAX_NAME_LENGTH || !TOKEN.test(name)) {
    return [`${field} is no field name; a token of at most ${MAX_NAME_LENGTH} characters is accepted`]
  }
  if (isReserved(name)) {
    return [`${field} is ${name}, which is the proxy's own; a field of the provider is accepted`]
  }
  return CREDENTIAL_FIELDS.has(name.toLowerCase())
    ? [`${field} is ${name}, which carries a credential; name it in auth instead`]
    : []
}

/** Why a text cannot be the value of a field. The sentence does not quote it. */
export function headerValueViolations(field: string, value: string): readonly string[] {
  return value.length <= MAX_VALUE_LENGTH && VALUE.test(value)
    ? []
    : [
        `${field} is no field value; 1 to ${MAX_VALUE_LENGTH} visible ASCII characters, with spaces between, are accepted`,
      ]
}

function isReserved(name: string): boolean {
  const lower = name.toLowerCase()
  return RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))
}
