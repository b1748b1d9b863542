import type { CallingPrograms } from '../access/calling-program.js'
import { isCanonicalPath } from '../http/canonical-path.js'
import { METADATA_NAMES } from '../provider/metadata-names.js'
import { isNeverAddress } from './address-guard.js'
import type { CompiledEndpoint, CompiledPolicy } from './compile-policy.js'
import { mayBeAddress } from './may-be-address.js'

/** Where a client wants to go, as far as it is known before anything is looked up. */
export interface EgressRequest {
  /** Canonical, as `Authority.host`. */
  readonly host: string
  readonly port: number
  /** `tunnel`: bytes as they are. `forward`: a plain-HTTP request in absolute-form. */
  readonly via: 'tunnel' | 'forward'
  /** What is asked in clear text; absent for a tunnel that has just been asked for. Path without query. */
  readonly http?: { readonly method: string; readonly path: string }
  /** Absent where they cannot be told, or no policy that fits names programs. */
  readonly programs?: CallingPrograms | undefined
}

/** Why a name is denied. */
export type NameDenial =
  /** No policy may ever allow it: this machine, or a cloud's metadata service. */
  | { readonly why: 'never' }
  | { readonly why: 'no_policy' }
  | { readonly why: 'port'; readonly ports: readonly number[] }
  | { readonly why: 'program'; readonly policy: string; readonly programs: CallingPrograms | undefined }
  /** Plain HTTP needs an endpoint that says which private addresses it may lead to. */
  | { readonly why: 'no_allowed_ips'; readonly policy: string }
  | { readonly why: 'ambiguous_path'; readonly policy: string }
  | { readonly why: 'method_or_path'; readonly policy: string }

export type NameVerdict =
  /** The endpoints that allow it by name; the addresses are judged by each of them. */
  | { readonly action: 'allow'; readonly endpoints: readonly CompiledEndpoint[] }
  | ({ readonly action: 'deny' } & NameDenial)

/** Whether a name is this machine's or a metadata service's, and so beyond any policy. */
export function isNeverHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || METADATA_NAMES.has(host)
}

/** Whether a decision depends on which programs ask. */
export function needsPrograms(policy: CompiledPolicy, { host, port }: EgressRequest): boolean {
  return policy.endpointsFor(host, port).some(({ admitsPrograms }) => admitsPrograms !== undefined)
}

/** Decides by name alone, so that a denied name is never looked up: a lookup would carry it out of the sandbox. */
export function decideEgress(policy: CompiledPolicy, request: EgressRequest): NameVerdict {
  const { host, port, via, http } = request
  if (isNeverHost(host) || (mayBeAddress(host) && isNeverAddress(host))) {
    return { action: 'deny', why: 'never' }
  }
  const named = policy.endpointsFor(host, port)
  const [first] = named
  if (first === undefined) {
    const ports = policy.portsOf(host)
    return ports.length > 0 ? { action: 'deny', why: 'port', ports } : { action: 'deny', why: 'no_policy' }
  }
  const { programs } = request
  const admitted = named.filter(({ admitsPrograms }) => !admitsPrograms || (programs && admitsPrograms(programs)))
  if (admitted.length === 0) {
    return { action: 'deny', why: 'program', policy: first.policy, programs }
  }
  const listed = via === 'tunnel' ? admitted : admitted.filter(({ allowedIps }) => allowedIps.length > 0)
  if (listed.length === 0) {
    return { action: 'deny', why: 'no_allowed_ips', policy: admitted[0]!.policy }
  }
  if (http === undefined) {
    return { action: 'allow', endpoints: listed }
  }
  const isAmbiguous = !isCanonicalPath(http.path)
  const asked = listed.filter(
    ({ admitsRequest }) => !admitsRequest || (!isAmbiguous && admitsRequest(http.method, http.path)),
  )
  if (asked.length === 0) {
    return { action: 'deny', why: isAmbiguous ? 'ambiguous_path' : 'method_or_path', policy: listed[0]!.policy }
  }
  return { action: 'allow', endpoints: asked }
}
