import { basename } from 'node:path'
import type { EgressPolicy, PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { type EndpointPlace, type EndpointWish, findCovering } from './find-covering.js'

/** What has to be done for a wish. */
export type AllowPlan =
  | { readonly kind: 'allowed_already'; readonly by: EndpointPlace }
  | {
      readonly kind: 'add'
      /** Name of the policy that gets the endpoint. */
      readonly policy: string
      /** Whether that policy is made for it. */
      readonly isNew: boolean
      readonly endpoint: PolicyEndpoint
    }

const MAX_NAME_LENGTH = 63

/** @param name - The policy asked for; one named after the host where left out. */
export function planAllow(egress: EgressPolicy, wish: EndpointWish, name?: string): AllowPlan {
  const by = findCovering(egress, wish)
  if (by) return { kind: 'allowed_already', by }
  const policy = policyFor(egress, wish.binaries, name ?? nameAfter(wish.host))
  const isNew = !egress.policies.some((each) => each.name === policy)
  const { host, port, allowedIps } = wish
  return { kind: 'add', policy, isNew, endpoint: { host, ports: [port], allowedIps, resolve: [], rules: [] } }
}

/** The policy once a plan has been carried out. */
export function withAddition(
  egress: EgressPolicy,
  plan: AllowPlan,
  { binaries }: Pick<EndpointWish, 'binaries'>,
): EgressPolicy {
  if (plan.kind === 'allowed_already') return egress
  const { policy: name, isNew, endpoint } = plan
  if (isNew) return { policies: [...egress.policies, { name, endpoints: [endpoint], binaries }] }
  return {
    policies: egress.policies.map((each) =>
      each.name === name ? { ...each, endpoints: [...each.endpoints, endpoint] } : each,
    ),
  }
}

/** `api-github-com` for `api.github.com`. */
export function nameAfter(host: string): string {
  return cut(
    host
      .replace(/^\*\./, 'any-')
      .replaceAll(/[^a-z0-9_]+/g, '-')
      .replaceAll(/^-+|-+$/g, ''),
  )
}

/**
 * The first of `name`, `name-PROGRAM`, `name-2`, `name-3`, ... that is free or is for the same programs: in another one,
 * the new endpoint would be open to programs that nobody named, or closed to those that were.
 */
function policyFor({ policies }: EgressPolicy, binaries: readonly string[], name: string): string {
  const isFitting = (candidate: string): boolean => {
    const known = policies.find((policy) => policy.name === candidate)
    return known === undefined || isSame(known.binaries, binaries)
  }
  const program = nameAfter(basename(binaries[0] ?? '').toLowerCase())
  const candidates = [name, ...(program === '' ? [] : [`${cut(name, program.length + 1)}-${program}`])]
  for (let count = 2; ; count++) {
    const found = candidates.find(isFitting)
    if (found) return found
    candidates.push(`${cut(name, String(count).length + 1)}-${count}`)
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((path) => other.includes(path))
}

function cut(name: string, room = 0): string {
  return name.slice(0, MAX_NAME_LENGTH - room)
}
