import type { CallingPrograms } from '../access/calling-program.js'
import { type AddressVerdict, judgeAddresses } from './address-guard.js'
import type { CompiledEndpoint } from './compile-policy.js'
import { decideEgress, type EgressRequest, needsPrograms } from './decide-egress.js'
import { type EgressDenial, EgressDenied } from './egress-denied.js'
import type { PolicySource } from './policy-source.js'
import type { ResolveHost } from './resolve-host.js'

/** What `authorizeEgress` found allowed. */
export interface AuthorizedEgress {
  /** What was asked, with the programs where they mattered. */
  readonly request: EgressRequest
  /** The network policy that allows it; `undefined` where it is only being learned. */
  readonly policy: string | undefined
  /** Checked, and the only ones that may be dialled; empty where an upstream proxy looks the name up. */
  readonly addresses: readonly string[]
  /** Whether what passes through a tunnel has to be read, as the endpoint has rules for it. */
  readonly hasRules: boolean
}

/** Tells which programs ask; may take milliseconds. */
export type Identify = () => Promise<CallingPrograms | undefined>

export interface EgressContext {
  readonly policy: PolicySource
  readonly resolve: ResolveHost
  /** Whether an address and port are a listener of this proxy. */
  readonly isSelf: (address: string, port: number) => boolean
  /** Whether a name that cannot be looked up here is left to an upstream proxy. */
  readonly leavesNamesToProxy: boolean
}

/** More answers than this are no use to anybody, and each of them has to be judged. */
const MAX_ADDRESSES = 128

/**
 * The one gate that CONNECT and plain-HTTP forwarding pass: by name before anything is looked up, then by every address.
 *
 * @throws {EgressDenied} `ERR_DESTINATION_DENIED` (403).
 * @throws {ProxyError} `ERR_DESTINATION_DNS` (502).
 */
export async function authorizeEgress(
  asked: EgressRequest,
  identify: Identify,
  context: EgressContext,
): Promise<AuthorizedEgress> {
  const { policy } = context
  const request = needsPrograms(policy.current, asked) ? { ...asked, programs: await identify() } : asked
  const byName = decideEgress(policy.current, request)
  if (byName.action === 'deny' && !(policy.isLearning && isLearnable(byName.why))) {
    throw new EgressDenied(request, byName, policy.allowCommand)
  }
  const addresses = await resolveFor(request, context)
  if (addresses.length > MAX_ADDRESSES) {
    const nearest = byName.action === 'allow' ? byName.endpoints[0]!.policy : ''
    throw new EgressDenied(request, { why: 'too_many_addresses', policy: nearest, count: addresses.length })
  }
  if (addresses.some((address) => context.isSelf(address, request.port))) {
    throw new EgressDenied(request, { why: 'self', policy: '' })
  }
  // The policy may have changed during the lookup: it is asked again, and with what is known now.
  return judgeEgress(request, addresses, context.policy)
}

/**
 * Judges a destination whose addresses are known: when it is asked for, and again whenever the policy changes.
 *
 * @throws {EgressDenied}
 */
export function judgeEgress(
  request: EgressRequest,
  addresses: readonly string[],
  policy: PolicySource,
): AuthorizedEgress {
  const byName = decideEgress(policy.current, request)
  if (byName.action === 'allow') {
    const judged = byName.endpoints.map((endpoint) => ({ endpoint, verdict: judge(request, addresses, endpoint) }))
    const allowing = judged.filter(({ verdict }) => verdict.action === 'allow').map(({ endpoint }) => endpoint)
    const best = allowing.find(({ admitsRequest }) => admitsRequest === undefined) ?? allowing[0]
    if (best) {
      return { request, policy: best.policy, addresses, hasRules: best.admitsRequest !== undefined }
    }
    const [{ endpoint, verdict }] = judged as [(typeof judged)[0]]
    throw new EgressDenied(
      request,
      { why: 'address', policy: endpoint.policy, verdict: verdict as never },
      policy.allowCommand,
    )
  }
  if (policy.isLearning && isLearnable(byName.why)) {
    const verdict = judgeAddresses(addresses, [], request.via)
    if (verdict.action === 'allow') {
      return { request, policy: undefined, addresses, hasRules: false }
    }
    throw new EgressDenied(request, { why: 'address', policy: '', verdict }, policy.allowCommand)
  }
  throw new EgressDenied(request, byName, policy.allowCommand)
}

function judge(request: EgressRequest, addresses: readonly string[], endpoint: CompiledEndpoint): AddressVerdict {
  if (addresses.length === 0 && endpoint.allowedIps.length > 0) {
    return {
      action: 'deny',
      address: 'an address that only the upstream proxy knows',
      why: 'not_listed',
      addressClass: undefined,
    }
  }
  return judgeAddresses(addresses, endpoint.allowedIps, request.via)
}

/** What is asked for in clear text is never learned: only listed private addresses are reached so. */
function isLearnable(why: EgressDenial['why']): boolean {
  return why === 'no_policy' || why === 'port' || why === 'program'
}

async function resolveFor({ host }: EgressRequest, { resolve, leavesNamesToProxy }: EgressContext) {
  if (!leavesNamesToProxy) {
    return resolve(host)
  }
  return resolve(host).catch(() => [])
}
