import { hostPatternViolation } from '@nemoclaw/proxy-core/policy'
import type { LearnedDestination } from '../session/learned-destinations.js'
import { nameAfter } from './plan-allow.js'
import { MAX_POLICY_FILE_BYTES } from './read-policy-file.js'

/** A policy of what a learning session let through; what `--json` prints, and so a public contract. */
export interface SuggestedPolicy {
  readonly destinations: readonly LearnedDestination[]
  /** YAML of a whole policy file; empty where nothing was learned. */
  readonly yaml: string
}

/** What an endpoint takes. */
const MAX_PORTS = 64
const MAX_NAME_LENGTH = 63
const HEAD = 'version: 1\nnetwork_policies:\n'

/**
 * The policy that would have allowed what was learned: exact hosts and ports, nothing wider. It is one that
 * `policy validate` takes: what a file could not hold is left out.
 */
export function suggestPolicy(learned: readonly LearnedDestination[]): SuggestedPolicy {
  const names = new Set<string>()
  const policies = [...portsByHost(learned)]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([host, ports]) => policyOf(freeName(nameAfter(host), names), host, ports))
  let yaml = ''
  for (const policy of policies) {
    const longer = `${yaml || HEAD}${policy}`
    // All of it is ASCII.
    if (longer.length > MAX_POLICY_FILE_BYTES) break
    yaml = longer
  }
  return { destinations: learned, yaml }
}

function portsByHost(learned: readonly LearnedDestination[]): ReadonlyMap<string, ReadonlySet<number>> {
  const byHost = new Map<string, Set<number>>()
  for (const { host, port } of learned) {
    if (hostPatternViolation(host) !== undefined || host.includes('*') || port < 1 || port > 65_535) continue
    const ports = byHost.get(host)
    if (ports) ports.add(port)
    else byHost.set(host, new Set([port]))
  }
  return byHost
}

function policyOf(name: string, host: string, ports: ReadonlySet<number>): string {
  const sorted = [...ports].toSorted((one, other) => one - other)
  const endpoints = Array.from({ length: Math.ceil(sorted.length / MAX_PORTS) }, (_, index) => {
    const some = sorted.slice(index * MAX_PORTS, (index + 1) * MAX_PORTS)
    return `      - { host: ${JSON.stringify(host)}, ports: [${some.join(', ')}] }\n`
  })
  return `  ${keyOf(name)}:\n    endpoints:\n${endpoints.join('')}`
}

/** To YAML `1` and `01` are one key. */
function keyOf(name: string): string {
  return Number.isNaN(Number(name)) ? name : JSON.stringify(name)
}

/** Two hosts may be called alike: `a-b.example` and `a.b.example`. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let count = 2; taken.has(name); count++) {
    const suffix = `-${count}`
    name = `${wanted.slice(0, MAX_NAME_LENGTH - suffix.length)}${suffix}`
  }
  taken.add(name)
  return name
}
