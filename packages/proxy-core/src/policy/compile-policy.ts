import type { CallingPrograms } from '../access/calling-program.js'
import { AddressIndex } from '../address/address-index.js'
import { type CidrBlock, parseCidrBlock, parseIpAddress } from '../address/ip-address.js'
import { binaryMatcher } from './binary-matcher.js'
import type { EgressPolicy, HttpRule, NetworkPolicy, PolicyEndpoint } from './egress-policy.js'
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

/** A policy with its endpoints by what they are asked for: finding them takes the same time however many there are. */
export class CompiledPolicy {
  readonly #byAuthority = new Map<string, CompiledEndpoint[]>()
  /** By the domain behind `*.`, and port. */
  readonly #byParent = new Map<string, CompiledEndpoint[]>()
  readonly #hostless = new Map<string, CompiledEndpoint[]>()
  readonly #addresses = new AddressIndex<{ readonly ports: readonly number[]; readonly endpoint: CompiledEndpoint }>()
  readonly #portsByHost = new Map<string, Set<number>>()
  readonly source: EgressPolicy

  constructor(source: EgressPolicy) {
    this.source = source
    for (const policy of source.policies) {
      const admitsPrograms = policy.binaries.length === 0 ? undefined : binaryMatcher(policy.binaries)
      for (const endpoint of policy.endpoints) {
        this.#add(endpoint, compileEndpoint(policy, endpoint, admitsPrograms))
      }
    }
  }

  /** @returns The endpoints that name a destination, whatever else they ask for. */
  endpointsFor(host: string, port: number): readonly CompiledEndpoint[] {
    const found: CompiledEndpoint[] = []
    const take = (endpoints: readonly CompiledEndpoint[] | undefined) => endpoints && found.push(...endpoints)
    take(this.#byAuthority.get(`${host}:${port}`))
    const address = parseIpAddress(host)
    if (address) {
      take(this.#addresses.covering(address).flatMap(({ ports, endpoint }) => (ports.includes(port) ? [endpoint] : [])))
      return found
    }
    for (let dot = host.indexOf('.'), isFirst = true; dot >= 0; dot = host.indexOf('.', dot + 1), isFirst = false) {
      const parent = `${host.slice(dot + 1)}:${port}`
      if (isFirst) {
        take(this.#byParent.get(parent))
      }
      if (this.#hostless.size > 0) {
        take(this.#hostless.get(parent))
      }
    }
    return found
  }

  /** @returns The ports on which a host is named, for the words of a refusal. */
  portsOf(host: string): readonly number[] {
    const parent = `*.${host.slice(host.indexOf('.') + 1)}`
    return [...new Set([...(this.#portsByHost.get(host) ?? []), ...(this.#portsByHost.get(parent) ?? [])])]
  }

  #add({ host, ports, resolve, allowedIps }: PolicyEndpoint, endpoint: CompiledEndpoint): void {
    if (host === undefined) {
      for (const block of allowedIps) {
        this.#addresses.add(parseCidrBlock(block), { ports, endpoint })
      }
    } else {
      const known = this.#portsByHost.get(host) ?? new Set()
      this.#portsByHost.set(host, known)
      for (const port of ports) known.add(port)
    }
    for (const port of ports) {
      if (host === undefined) {
        for (const domain of resolve) push(this.#hostless, `${domain}:${port}`, endpoint)
      } else if (host.startsWith('*.')) {
        push(this.#byParent, `${host.slice(2)}:${port}`, endpoint)
      } else {
        push(this.#byAuthority, `${host}:${port}`, endpoint)
      }
    }
  }
}

/** Allows nothing. */
export const DENY_ALL: CompiledPolicy = new CompiledPolicy({ policies: [] })

function compileEndpoint(
  { name }: NetworkPolicy,
  { allowedIps, rules }: PolicyEndpoint,
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

function push(map: Map<string, CompiledEndpoint[]>, key: string, endpoint: CompiledEndpoint): void {
  const endpoints = map.get(key)
  if (endpoints) {
    endpoints.push(endpoint)
  } else {
    map.set(key, [endpoint])
  }
}
