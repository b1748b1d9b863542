import type { CallingPrograms } from '../access/calling-program.js'
import { AddressIndex } from '../address/address-index.js'
import { type CidrBlock, parseCidrBlock, parseIpAddress } from '../address/ip-address.js'
import { binaryMatcher } from './binary-matcher.js'
import type { EgressPolicy, HttpRule, NetworkPolicy, PolicyEndpoint } from './egress-policy.js'
import { EndpointsByPort } from './endpoints-by-port.js'
import { mayBeAddress } from './may-be-address.js'
import { NameIndex } from './name-index.js'
import { compilePathGlob } from './path-glob.js'

/** An endpoint of a policy, ready to be asked. */
export interface CompiledEndpoint {
  /** The network policy it stands in. */
  readonly policy: string
  readonly allowedIps: readonly CidrBlock[]
  /** Absent where any program may use it. */
  readonly admitsPrograms?: (programs: CallingPrograms) => boolean
  /** Absent where anything may be asked. */
  readonly admitsRequest?: (method: string, path: string) => boolean
}

/** What a policy says about a name, and about those below it. */
class NameRules {
  readonly name: string
  exact: EndpointsByPort | undefined
  /** Of `*.` and the name. */
  oneBelow: EndpointsByPort | undefined
  /** Of hostless endpoints that admit what resolves below the name. */
  anyBelow: EndpointsByPort | undefined

  constructor(name: string) {
    this.name = name
  }
}

const NONE: readonly CompiledEndpoint[] = []
const PLAIN = { allowedIps: [], rules: [] }

/** A policy with its endpoints by what they are asked for: finding them takes the same time however many there are. */
export class CompiledPolicy {
  readonly #names = new NameIndex<NameRules>()
  readonly #addresses = new AddressIndex<{ readonly ports: readonly number[]; readonly endpoint: CompiledEndpoint }>()
  readonly source: EgressPolicy

  constructor(source: EgressPolicy) {
    this.source = source
    for (const policy of source.policies) {
      const admitsPrograms = policy.binaries.length === 0 ? undefined : binaryMatcher(policy.binaries)
      // One for all that say no more than where: policies of many hosts stay small.
      const plain = compileEndpoint(policy, PLAIN, admitsPrograms)
      for (const endpoint of policy.endpoints) {
        const isPlain = endpoint.allowedIps.length === 0 && endpoint.rules.length === 0
        this.#add(endpoint, isPlain ? plain : compileEndpoint(policy, endpoint, admitsPrograms))
      }
    }
  }

  /** @returns The endpoints that name a destination, whatever else they ask for. */
  endpointsFor(host: string, port: number): readonly CompiledEndpoint[] {
    const address = mayBeAddress(host) ? parseIpAddress(host) : undefined
    if (address) {
      const exact = this.#names.get(host)?.exact?.at(port) ?? NONE
      const covering = this.#addresses.covering(address).filter(({ ports }) => ports.includes(port))
      return covering.length === 0 ? exact : [...exact, ...covering.map(({ endpoint }) => endpoint)]
    }
    let found = NONE
    const take = (endpoints: readonly CompiledEndpoint[] | undefined) => {
      // The nearer ahead of the farther: denials tell of the first.
      if (endpoints) found = found.length === 0 ? endpoints : [...endpoints, ...found]
    }
    const parentLength = host.length - host.indexOf('.') - 1
    this.#names.walk(host, ({ exact, oneBelow, anyBelow }, length) => {
      if (length === host.length) {
        take(exact?.at(port))
        return
      }
      take(anyBelow?.at(port))
      if (length === parentLength) take(oneBelow?.at(port))
    })
    return found
  }

  /** @returns The ports on which a host is named, for the words of a refusal. */
  portsOf(host: string): readonly number[] {
    let ports: readonly number[] = []
    const parentLength = host.length - host.indexOf('.') - 1
    this.#names.walk(host, ({ exact, oneBelow }, length) => {
      if (length === parentLength && oneBelow) ports = oneBelow.ports
      if (length === host.length && exact) ports = [...new Set([...exact.ports, ...ports])]
    })
    return ports
  }

  #add({ host, ports, resolve }: PolicyEndpoint, endpoint: CompiledEndpoint): void {
    if (host === undefined) {
      for (const block of endpoint.allowedIps) {
        this.#addresses.add(block, { ports, endpoint })
      }
      for (const domain of resolve) {
        const rules = this.#rulesOf(domain)
        rules.anyBelow = withEndpoint(rules.anyBelow, ports, endpoint)
      }
    } else if (host.startsWith('*.')) {
      const rules = this.#rulesOf(host.slice(2))
      rules.oneBelow = withEndpoint(rules.oneBelow, ports, endpoint)
    } else {
      const rules = this.#rulesOf(host)
      rules.exact = withEndpoint(rules.exact, ports, endpoint)
    }
  }

  #rulesOf(name: string): NameRules {
    const known = this.#names.get(name)
    if (known) return known
    const rules = new NameRules(name)
    this.#names.add(rules)
    return rules
  }
}

/** Allows nothing. */
export const DENY_ALL: CompiledPolicy = new CompiledPolicy({ policies: [] })

function compileEndpoint(
  { name }: NetworkPolicy,
  { allowedIps, rules }: Pick<PolicyEndpoint, 'allowedIps' | 'rules'>,
  admitsPrograms: CompiledEndpoint['admitsPrograms'],
): CompiledEndpoint {
  return {
    policy: name,
    allowedIps: allowedIps.map(parseCidrBlock),
    ...(admitsPrograms && { admitsPrograms }),
    ...(rules.length > 0 && { admitsRequest: requestMatcher(rules) }),
  }
}

function requestMatcher(rules: readonly HttpRule[]): (method: string, path: string) => boolean {
  const compiled = rules.map(({ method, path }) => ({ method, coversPath: compilePathGlob(path) }))
  return (method, path) =>
    compiled.some((rule) => (rule.method === '*' || rule.method === method) && rule.coversPath(path))
}

function withEndpoint(
  known: EndpointsByPort | undefined,
  ports: readonly number[],
  endpoint: CompiledEndpoint,
): EndpointsByPort | undefined {
  let endpoints = known
  for (const port of ports) {
    if (endpoints) {
      endpoints.add(port, endpoint)
    } else {
      endpoints = new EndpointsByPort(port, endpoint)
    }
  }
  return endpoints
}
