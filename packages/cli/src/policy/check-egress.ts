import {
  authorizeEgress,
  CompiledPolicy,
  EgressDenied,
  type EgressRequest,
  fixedPolicy,
  parseAuthority,
  resolveHost,
} from '@nemoclaw/proxy-core/policy'
import { usageError } from '../provider/usage-error.js'
import { binaryViolation } from './path-violation.js'
import { allowCommandOf, type PolicyFile } from './policy-file.js'
import { readPolicyFile } from './read-policy-file.js'
import { withRealBinaries } from './real-binaries.js'

/** What the proxy would say; what `--json` prints, and so a public contract. */
export interface EgressCheck {
  readonly host: string
  readonly port: number
  /** `forward`: a plain-HTTP request; `tunnel`: everything else. */
  readonly via: 'tunnel' | 'forward'
  /** `unresolved`: allowed by name, and the name has no address here. */
  readonly verdict: 'allow' | 'deny' | 'unresolved'
  readonly policy?: string
  readonly addresses: readonly string[]
  readonly reason?: string
  /** What would allow it; empty where nothing can. */
  readonly nextSteps: readonly string[]
}

export interface CheckOptions {
  /** `HOST:PORT` or an http(s) URL. */
  readonly destination: string
  /** Method of a plain-HTTP request. */
  readonly method: string
  /** Absolute path of the program that asks. */
  readonly binary?: string | undefined
}

/**
 * Asks a policy file what the proxy would: by name, then by the addresses that the name has here and now.
 *
 * @throws {UserError} `ERR_POLICY_ARGUMENT` (2); those of `readPolicyFile`.
 */
export async function checkEgress(file: PolicyFile, options: CheckOptions): Promise<EgressCheck> {
  const request = requestOf(options)
  const { host, port, via } = request
  if (host === 'inference.local' && port === 443 && via === 'tunnel') {
    const reason = 'inference.local needs no rule: the proxy serves it itself'
    return { host, port, via, verdict: 'allow', addresses: [], reason, nextSteps: [] }
  }
  const policy = new CompiledPolicy(withRealBinaries(readPolicyFile(file)?.egress ?? { policies: [] }))
  const { binary } = options
  const violation = binary === undefined ? undefined : binaryViolation(binary)
  if (violation !== undefined) throw usageError('ERR_POLICY_ARGUMENT', `--binary: "${binary}" ${violation}`)
  const programs = async () => (binary === undefined ? undefined : { processes: [[binary]] })
  const context = {
    policy: { ...fixedPolicy(policy), allowCommand: allowCommandOf(file) },
    resolve: resolveHost,
    isSelf: () => false,
    leavesNamesToProxy: false,
  }
  const about = { host, port, via, addresses: [], nextSteps: [] }
  try {
    const { policy: name, addresses } = await authorizeEgress(request, programs, context)
    return { ...about, verdict: 'allow', ...(name !== undefined && { policy: name }), addresses }
  } catch (error) {
    if (error instanceof EgressDenied) {
      const { message, nextSteps, policy: name, denial } = error
      const isUntold = denial.why === 'program' && binary === undefined
      const reason = isUntold
        ? `policy "${name}" allows it to some programs only; to ask for one: --binary PATH`
        : message
      return { ...about, verdict: 'deny', reason, nextSteps, ...(name !== undefined && { policy: name }) }
    }
    if ((error as NodeJS.ErrnoException).code !== 'ERR_DESTINATION_DNS') throw error
    return { ...about, verdict: 'unresolved', reason: (error as Error).message }
  }
}

/** `policy check` for a person. */
export function checkLines({ host, port, verdict, policy, addresses, reason, nextSteps }: EgressCheck): string {
  const what = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (verdict === 'allow') return `✓ ${reason ?? `${what} is allowed by policy ${policy} (${addresses.join(', ')})`}`
  const lines = [
    `✗ ${reason}`,
    ...(nextSteps.length > 0 ? ['To allow it:', ...nextSteps.map((step) => `  ${step}`)] : []),
  ]
  return lines.join('\n')
}

function requestOf({ destination, method }: CheckOptions): EgressRequest {
  try {
    if (!/^https?:\/\//i.test(destination)) return { ...parseAuthority(destination), via: 'tunnel' }
    const url = new URL(destination)
    const authority = parseAuthority(`${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`)
    return url.protocol === 'https:'
      ? { ...authority, via: 'tunnel' }
      : { ...authority, via: 'forward', http: { method, path: url.pathname } }
  } catch {
    throw usageError('ERR_POLICY_ARGUMENT', 'the destination is neither HOST:PORT nor an http or https URL', [
      'E.g. nemoclaw policy check example.com:443, or http://10.0.0.5:8000/path for a plain-HTTP request',
    ])
  }
}
