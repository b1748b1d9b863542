import { cidrViolation, classifyAddress, type EgressPolicy, parseIpAddress } from '@nemoclaw/proxy-core/policy'
import { usageError } from '../provider/usage-error.js'
import { cidrContains } from './cidr-contains.js'
import { editPolicy } from './edit-policy.js'
import { withEndpointText } from './edit-policy-text.js'
import { authorityText, type EndpointArgument, parseEndpointArgument } from './endpoint-argument.js'
import type { EndpointPlace, EndpointWish } from './find-covering.js'
import { POLICY_NAME } from './parse-policy.js'
import { binaryViolation } from './path-violation.js'
import { type AllowPlan, planAllow, withAddition } from './plan-allow.js'
import type { PolicyFile } from './policy-file.js'
import { endpointLine, outlinePolicy } from './policy-outline.js'
import { privateBlocksOf } from './private-blocks.js'

export interface AllowOptions {
  /** `HOST:PORT`, or http(s) URLs. */
  readonly endpoints: readonly string[]
  /** Name of the policy to add to. */
  readonly name?: string
  /** CIDR blocks. */
  readonly allowedIps: readonly string[]
  /** Whether the blocks are those of the private addresses that each host has now. */
  readonly takesPrivate?: boolean
  /** Paths or globs of programs. */
  readonly binaries: readonly string[]
}

/** What was done for one endpoint; what `--json` prints, and so a public contract. */
export interface AllowedEndpoint {
  readonly host: string
  readonly port: number
  /** The policy that allows it now. */
  readonly policy: string
  /** Line of the file, from 1. */
  readonly line: number
  /** Whether it was allowed before. */
  readonly already: boolean
}

export interface AllowResult {
  readonly file: string
  readonly allowed: readonly AllowedEndpoint[]
  /** For the user, a line each. */
  readonly notices: readonly string[]
}

/**
 * Adds endpoints to a policy file, all or none.
 *
 * @throws {UserError} `ERR_POLICY_ARGUMENT` (exit code 2), also for what can never be allowed; those of `editPolicy`.
 */
export async function allowEgress(
  file: PolicyFile,
  options: AllowOptions,
  platform: NodeJS.Platform = process.platform,
): Promise<AllowResult> {
  const wanted = options.endpoints.map(parseEndpointArgument)
  checkOptions(options, platform)
  const wishes = await Promise.all(
    wanted.map(async (argument) => {
      const allowedIps = options.takesPrivate ? await privateBlocksOf(argument.host) : options.allowedIps
      return wishOf(argument, { ...options, allowedIps })
    }),
  )
  const places: { readonly plan: AllowPlan; readonly place: EndpointPlace }[] = []
  const { after } = await editPolicy(
    file,
    (before) =>
      wishes.reduce((state, wish) => {
        const plan = planAllow(state.egress, wish, options.name)
        const egress = withAddition(state.egress, plan, wish)
        if (plan.kind === 'allowed_already') {
          places.push({ plan, place: plan.by })
          return state
        }
        const index = (egress.policies.find(({ name }) => name === plan.policy)?.endpoints.length ?? 1) - 1
        places.push({ plan, place: { policy: plan.policy, index } })
        const target = { name: plan.policy, binaries: wish.binaries }
        return { egress, text: withEndpointText(state.text, target, plan.endpoint) }
      }, before),
    platform,
  )
  const outline = outlinePolicy(after.text)
  return {
    file: file.path,
    allowed: places.map(({ plan, place }, index) => ({
      host: wishes[index]!.host,
      port: wishes[index]!.port,
      policy: place.policy,
      line: endpointLine(after.text, outline, place),
      already: plan.kind === 'allowed_already',
    })),
    notices: [
      ...wanted.flatMap(urlNotice),
      ...placementNotices(places, options.name),
      ...(options.binaries.length > 0 ? openNotices(wishes, places, after.egress) : []),
    ],
  }
}

function wishOf({ host, port }: EndpointArgument, { allowedIps, binaries }: AllowOptions): EndpointWish {
  const address = parseIpAddress(host)
  const block = `${host}/${host.includes(':') ? 128 : 32}`
  if (address && allowedIps.length === 0 && classifyAddress(address) !== 'global') {
    throw refused(`"${host}" is not a public address; to open it: --private, or --allowed-ip ${block}`)
  }
  if (
    address &&
    allowedIps.length > 0 &&
    !allowedIps.some((each) => cidrViolation(each) === undefined && cidrContains(each, host))
  ) {
    throw refused(`"${host}" is in none of the blocks of --allowed-ip, so that nothing would be allowed; add ${block}`)
  }
  return { host, port, allowedIps: [...new Set(allowedIps)], binaries: [...new Set(binaries)] }
}

function checkOptions({ name, allowedIps, binaries }: AllowOptions, platform: NodeJS.Platform): void {
  if (name !== undefined && !POLICY_NAME.test(name)) {
    throw refused('the name of a policy is 1 to 63 of a-z, 0-9, "-" and "_"')
  }
  for (const block of allowedIps) {
    const violation = cidrViolation(block)
    if (violation !== undefined) throw refused(`--allowed-ip: "${block}" ${violation}`)
  }
  for (const path of binaries) {
    const violation = binaryViolation(path)
    if (violation !== undefined) throw refused(`--binary: "${path}" ${violation}`)
  }
  if (binaries.length > 0 && platform !== 'linux') {
    throw refused(`--binary cannot be held to on ${platform}: programs are told apart on Linux only`)
  }
}

function urlNotice({ host, port, isFromUrl }: EndpointArgument): readonly string[] {
  return isFromUrl ? [`Of the URL, host and port count: ${authorityText({ host, port })}`] : []
}

/** Who asks for one program takes "allowed already" for it. */
function openNotices(
  wishes: readonly EndpointWish[],
  places: readonly { readonly plan: AllowPlan }[],
  { policies }: EgressPolicy,
): readonly string[] {
  return wishes.flatMap((wish, index) => {
    const plan = places[index]?.plan
    const name = plan?.kind === 'allowed_already' ? plan.by.policy : undefined
    const isOpen = policies.some((policy) => policy.name === name && policy.binaries.length === 0)
    return isOpen ? [`Any program may reach ${authorityText(wish)}; to change that, revoke it first`] : []
  })
}

/** An endpoint may be in another policy than the one named, so as not to open it to programs nobody meant. */
function placementNotices(
  places: readonly { readonly plan: AllowPlan }[],
  name: string | undefined,
): readonly string[] {
  const elsewhere = places.flatMap(({ plan }) => (plan.kind === 'add' && plan.policy !== name ? [plan.policy] : []))
  if (name === undefined) return []
  return [...new Set(elsewhere)].map((policy) => `Policy ${name} is for other programs; added to ${policy} instead`)
}

function refused(message: string): Error {
  return usageError('ERR_POLICY_ARGUMENT', message)
}
