import type { LearnedDestination } from '../session/learned-destinations.js'
import { nameAfter } from './plan-allow.js'

/** A policy of what a learning session let through; what `--json` prints, and so a public contract. */
export interface SuggestedPolicy {
  readonly destinations: readonly LearnedDestination[]
  /** YAML of a whole policy file; empty where nothing was learned. */
  readonly yaml: string
}

/** The policy that would have allowed what was learned: exact hosts and ports, nothing wider. */
export function suggestPolicy(learned: readonly LearnedDestination[]): SuggestedPolicy {
  const byHost = new Map<string, number[]>()
  for (const { host, port } of learned) byHost.set(host, [...(byHost.get(host) ?? []), port])
  const names = new Set<string>()
  const policies = [...byHost]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([host, ports]) => {
      const name = freeName(nameAfter(host), names)
      const sorted = ports.toSorted((one, other) => one - other)
      return [
        `  ${name}:`,
        '    endpoints:',
        `      - { host: ${JSON.stringify(host)}, ports: [${sorted.join(', ')}] }`,
      ]
    })
  const yaml = policies.length === 0 ? '' : ['version: 1', 'network_policies:', ...policies.flat(), ''].join('\n')
  return { destinations: learned, yaml }
}

/** Two hosts may be called alike: `a-b.example` and `a.b.example`. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let count = 2; taken.has(name); count++) name = `${wanted.slice(0, 60)}-${count}`
  taken.add(name)
  return name
}
