import type { EgressPolicy, NetworkPolicy, PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { counted } from '../report/counted.js'
import { table } from '../report/table.js'
import { policySize } from './policy-size.js'

/** A policy as it is shown; what `--json` prints, and so a public contract. */
export interface PolicyView {
  /** Absolute path. */
  readonly file: string
  /** Whether there is such a file; without one, everything is denied. */
  readonly exists: boolean
  readonly policies: readonly NetworkPolicy[]
}

export function policyView(file: string, egress: EgressPolicy | undefined): PolicyView {
  return { file, exists: egress !== undefined, policies: egress?.policies ?? [] }
}

/** `policy show` for a person: a line for each endpoint. */
export function policyTable({ policies }: PolicyView): string {
  if (policies.length === 0) return ''
  return table(
    ['POLICY', 'HOST', 'PORTS', 'ALLOWED IPS', 'RULES', 'PROGRAMS'],
    policies.flatMap(({ name, endpoints, binaries }) =>
      endpoints.map((endpoint) => [
        name,
        hostText(endpoint),
        endpoint.ports.join(', '),
        endpoint.allowedIps.join(', '),
        endpoint.rules.map(({ method, path }) => `${method} ${path}`).join(', ') || 'any',
        binaries.join(', ') || 'any',
      ]),
    ),
  )
}

/** `2 policies, 1 endpoint`. */
export function policyCount(egress: EgressPolicy): string {
  const { policies, endpoints } = policySize(egress)
  return `${counted(policies, 'policy', 'policies')}, ${counted(endpoints, 'endpoint')}`
}

function hostText({ host, resolve }: PolicyEndpoint): string {
  if (host !== undefined) return host
  return ['(addresses)', ...resolve.map((domain) => `(names below ${domain})`)].join(', ')
}
