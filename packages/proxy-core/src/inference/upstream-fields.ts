import type { FieldList } from '../http/field-list.js'
import { hopByHopNames } from '../http/hop-by-hop.js'
import { ProxyError } from '../proxy-error.js'
import type { ResolvedRoute } from '../route/resolved-route.js'

/** Client fields that may reach a provider; everything else, credentials first of all, ends here. */
const ALLOWED: ReadonlySet<string> = new Set(['content-type', 'accept', 'accept-encoding', 'user-agent'])
// RFC 9110 §5.5, visible ASCII only: a control character would end the field and begin another (CWE-113).
const FIELD_SAFE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const MAX_CREDENTIAL_BYTES = 8 * 1024

/**
 * The header of the upstream request. In order of precedence: our credential, the operator's extra fields, the
 * client's allowed fields, the profile's defaults. `host` and `content-length` are set by the sender.
 *
 * @throws {ProxyError} `ERR_CREDENTIAL_UNAVAILABLE` (503) where the credential is missing or cannot be a field value.
 */
export function upstreamFields(clientFields: FieldList, route: ResolvedRoute): FieldList {
  const fields = new Map<string, string>()
  for (const [name, value] of route.defaultHeaders) {
    fields.set(name.toLowerCase(), value)
  }
  for (const [name, value] of passingFields(clientFields, route.passthroughHeaders)) {
    fields.set(name, value)
  }
  for (const [name, value] of route.extraHeaders) {
    fields.set(name.toLowerCase(), value)
  }
  const credential = credentialField(route)
  if (credential) {
    fields.set(...credential)
  }
  return [...fields]
}

function passingFields(clientFields: FieldList, passthrough: readonly string[]): Map<string, string> {
  const dropped = hopByHopNames(clientFields)
  const passing = new Map<string, string>()
  for (const [rawName, value] of clientFields) {
    const name = rawName.toLowerCase()
    if (!dropped.has(name) && (ALLOWED.has(name) || passthrough.includes(name))) {
      const earlier = passing.get(name)
      passing.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
    }
  }
  return passing
}

function credentialField({ auth, credential, providerName }: ResolvedRoute): [name: string, value: string] | undefined {
  if (auth.kind === 'none') {
    return undefined
  }
  const secret = credential?.reveal() ?? ''
  if (secret.length > MAX_CREDENTIAL_BYTES || !FIELD_SAFE.test(secret)) {
    throw new ProxyError(
      'ERR_CREDENTIAL_UNAVAILABLE',
      `The credential of provider "${providerName}" is empty, too long, or holds characters no header field can carry. ` +
        `Enter it again: nemoclaw provider update ${providerName} --credential <KEY>`,
    )
  }
  return auth.kind === 'bearer' ? ['authorization', `Bearer ${secret}`] : [auth.name.toLowerCase(), secret]
}
