// A field named like this carries a secret, or will one day.
const SECRET_NAME = /auth|key|token|secret|passw|credential|signature|session/i
const PREFIX = 'header.'

/** Whether a header of this name may only be given as a reference, so that its value is never stored in clear. */
export function isSecretHeaderName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * The credential key under which a secret header is kept: bound to an origin and unusable for any other, like every
 * credential. No such key can be typed.
 */
export function headerCredentialKey(name: string): string {
  return `${PREFIX}${name.toLowerCase()}`
}

/** @returns The header's lower-case name; `undefined` where the key is an ordinary credential's. */
export function headerOfCredentialKey(key: string): string | undefined {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined
}

export function isHeaderCredentialKey(key: string): boolean {
  return headerOfCredentialKey(key) !== undefined
}
