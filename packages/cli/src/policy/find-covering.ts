import { isIP } from 'node:net'
import type { EgressPolicy, NetworkPolicy, PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { cidrContains } from './cidr-contains.js'

/** What somebody wants to be allowed. */
export interface EndpointWish {
  /** Canonical; or `*.` and a domain. */
  readonly host: string
  readonly port: number
  /** CIDR blocks; empty: global addresses. */
  readonly allowedIps: readonly string[]
  /** Paths or globs of programs; empty: any. */
  readonly binaries: readonly string[]
}

/** An endpoint, by its place in a policy. */
export interface EndpointPlace {
  readonly policy: string
  /** Among the endpoints of that policy. */
  readonly index: number
}

/** The endpoint that allows all of a wish already. */
export function findCovering(egress: EgressPolicy, wish: EndpointWish): EndpointPlace | undefined {
  return find(egress, (policy, endpoint) => admits(policy, wish.binaries) && covers(endpoint, wish))
}

/** An endpoint that allows a host and port to somebody, whatever else it asks for. */
export function findNaming(egress: EgressPolicy, host: string, port: number): EndpointPlace | undefined {
  return find(egress, (_, endpoint) => endpoint.ports.includes(port) && matches(endpoint, host))
}

function find(
  { policies }: EgressPolicy,
  accept: (policy: NetworkPolicy, endpoint: PolicyEndpoint) => boolean,
): EndpointPlace | undefined {
  for (const policy of policies) {
    const index = policy.endpoints.findIndex((endpoint) => accept(policy, endpoint))
    if (index >= 0) return { policy: policy.name, index }
  }
  return undefined
}

function admits({ binaries }: NetworkPolicy, wanted: readonly string[]): boolean {
  return binaries.length === 0 || (wanted.length > 0 && wanted.every((path) => binaries.includes(path)))
}

function covers(endpoint: PolicyEndpoint, { host, port, allowedIps }: EndpointWish): boolean {
  if (!endpoint.ports.includes(port) || endpoint.rules.length > 0 || !matches(endpoint, host)) return false
  // Where an endpoint lists blocks, it allows nothing else: neither a public address, nor another private one.
  if (endpoint.allowedIps.length === 0) return allowedIps.length === 0
  const wanted = allowedIps.length === 0 && isIP(host) ? [host] : allowedIps
  return wanted.length > 0 && wanted.every((block) => endpoint.allowedIps.some((each) => cidrContains(each, block)))
}

function matches(endpoint: PolicyEndpoint, host: string): boolean {
  if (endpoint.host === host) return true
  if (endpoint.host === undefined) {
    return isIP(host)
      ? endpoint.allowedIps.some((block) => cidrContains(block, host))
      : endpoint.resolve.some((domain) => host.endsWith(`.${domain}`))
  }
  return (
    endpoint.host.startsWith('*.') &&
    !isIP(host) &&
    endpoint.host === `*.${host.slice(host.indexOf('.') + 1)}` &&
    host.includes('.')
  )
}
