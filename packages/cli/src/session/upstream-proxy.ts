import { resolve } from 'node:path'
import { UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'
import { parseReference } from '../credential/credential-reference.js'
import { readSecretFile } from '../credential/read-secret-file.js'
import { upstreamRoots } from '../provider/upstream-roots.js'
import { usageError } from '../provider/usage-error.js'
import { UserError } from '../user-error.js'
import { parseUpstreamProxyUrl } from './upstream-proxy-url.js'

/** What was typed, by the flags' names. */
export interface UpstreamProxyArguments {
  readonly 'upstream-proxy'?: string | undefined
  readonly 'upstream-proxy-ca'?: string | undefined
  readonly 'upstream-proxy-credential'?: string | undefined
}

type Environment = (name: string) => string | undefined

/** A value and where it was given, for messages. */
interface Given {
  readonly text: string
  readonly from: string
}

const URL_VARIABLE = 'NEMOCLAW_UPSTREAM_PROXY'
const MAX_CREDENTIAL_BYTES = 8 * 1024

/**
 * The proxy through which providers and destinations are reached, by flag or else by `NEMOCLAW_UPSTREAM_PROXY`, with
 * `_CA` and `_CREDENTIAL` beside it. `HTTPS_PROXY` and its like are for others and never read: in a shell that was led
 * here they name this very proxy.
 *
 * @returns `undefined` where none was named.
 * @throws {UserError} `ERR_UPSTREAM_PROXY_INVALID` (2 for what was typed); `ERR_UPSTREAM_PROXY_CREDENTIAL`,
 *   `ERR_UPSTREAM_CA`, `ERR_REFERENCE_INVALID`, `ERR_REFERENCE_UNAVAILABLE`. None holds the credential.
 */
export async function readUpstreamProxy(
  flags: UpstreamProxyArguments,
  environment: Environment,
): Promise<UpstreamProxy | undefined> {
  const typed = (flag: keyof UpstreamProxyArguments): Given | undefined => {
    const text = flags[flag]
    return text === undefined ? undefined : { text, from: `--${flag}` }
  }
  const set = (name: string): Given | undefined => {
    const text = environment(name)
    return text ? { text, from: name } : undefined // Set to nothing is how a container says "not set".
  }
  const typedUrl = typed('upstream-proxy')
  const url = typedUrl ?? set(URL_VARIABLE)
  // What the environment holds belongs to the proxy that it names: another one does not get its password.
  const beside = typedUrl === undefined ? set : () => undefined
  const ca = typed('upstream-proxy-ca') ?? beside(`${URL_VARIABLE}_CA`)
  const credential = typed('upstream-proxy-credential') ?? beside(`${URL_VARIABLE}_CREDENTIAL`)
  if (url === undefined) {
    const lonely = typed('upstream-proxy-ca') ?? typed('upstream-proxy-credential')
    if (lonely) throw invalid(lonely, 'needs an upstream proxy', 'Add: --upstream-proxy http://proxy.corp:3128')
    return undefined
  }
  const parsed = parseUpstreamProxyUrl(url.text)
  if (!(parsed instanceof URL)) throw invalid(url, parsed.why, parsed.suggestion)
  if (ca && parsed.protocol === 'http:') {
    throw invalid(
      ca,
      'is for an https:// upstream proxy, and this one is http://',
      'For a proxy that opens the TLS of providers: --upstream-ca FILE',
    )
  }
  return new UpstreamProxy({
    url: parsed,
    extraRoots: parsed.protocol === 'https:' ? upstreamRoots(ca ? [ca.text] : []) : [],
    credential: credential && (await credentialSource(credential, environment)),
  })
}

/** @returns Reads it anew each time. It has been read once, so that a mistake is told at the start. */
async function credentialSource(given: Given, environment: Environment): Promise<() => Promise<string>> {
  const suggestion = 'Put user:password into a variable or a file: env:NAME or file:PATH'
  if (!/^(?:env|file):/.test(given.text)) throw invalid(given, 'takes env:NAME or file:PATH', suggestion)
  const relative = /^file:(.+)$/s.exec(given.text)?.[1]
  const reference = parseReference(relative === undefined ? given.text : `file:${resolve(relative)}`)
  const read = async (): Promise<string> => {
    if (reference.kind === 'exec') throw invalid(given, 'takes env:NAME or file:PATH', suggestion)
    const held = reference.kind === 'env' ? environment(reference.name) : await readSecretFile(reference.path)
    const value = (held ?? '').replace(/[\r\n]+$/, '')
    const violation = credentialViolation(value)
    if (violation === undefined) return value
    const name = reference.kind === 'env' ? `the variable ${reference.name}` : `the file ${reference.path}`
    throw new UserError('ERR_UPSTREAM_PROXY_CREDENTIAL', `${name} ${violation}`, {
      suggestions: ['It has to hold user:password, on one line.'],
    })
  }
  await read()
  return read
}

/** RFC 7617 §2: the user has no colon, and neither part a control character. Never quotes the value. */
function credentialViolation(value: string): string | undefined {
  if (value === '') return 'is not set or empty'
  if (Buffer.byteLength(value) > MAX_CREDENTIAL_BYTES) return `holds more than ${MAX_CREDENTIAL_BYTES} bytes`
  if (/[\u0000-\u001f\u007f-\u009f\ufeff\ufffd]/.test(value)) return 'holds a control character, or is no UTF-8 text'
  return /^[^:]+:/.test(value) ? undefined : 'holds no user:password'
}

function invalid({ from }: Given, why: string, suggestion: string): UserError {
  const message = `${from} ${why}`
  return from.startsWith('--')
    ? usageError('ERR_UPSTREAM_PROXY_INVALID', message, [suggestion])
    : new UserError('ERR_UPSTREAM_PROXY_INVALID', message, { suggestions: [suggestion] })
}
