import type { PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { isMap, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml'
import type { EndpointPlace } from './find-covering.js'
import { type FlowStyle, flowText, scalarText } from './flow-text.js'
import { outlinePolicy, type PolicyOutline, pairOf } from './policy-outline.js'
import {
  appendItem,
  columnOf,
  endOf,
  linesBehind,
  type NewItem,
  type Splice,
  spliced,
  startOf,
} from './yaml-insertion.js'
import { removeItem } from './yaml-removal.js'

const INDENT = 2

/**
 * The text of a policy file with one endpoint more, at the end of its policy; a policy that is not there yet is added
 * at the end. All other lines stay as they are.
 */
export function withEndpointText(
  text: string,
  policy: { readonly name: string; readonly binaries: readonly string[] },
  endpoint: PolicyEndpoint,
): string {
  const outline = outlinePolicy(text)
  const style: FlowStyle = outline.root?.flow ? 'json' : 'yaml'
  const known = outline.policies.find(({ name }) => name === policy.name)
  if (known) {
    const flow = flowText(endpointFields(endpoint), style)
    return spliced(text, appendItem(text, known.endpoints, { block: [`- ${flow}`], flow }))
  }
  return spliced(text, addPolicy(text, outline, newPolicy(outline, text, policy, endpoint, style)))
}

/** The text without one port of an endpoint, and without what would be left empty by that. */
export function withoutPortText(text: string, { policy: name, index }: EndpointPlace, port: number): string {
  const { policies, networkPolicies } = outlinePolicy(text)
  const policy = policies.find((each) => each.name === name)
  const endpoint = policy?.endpoints.items[index]
  if (!policy || !isMap(endpoint)) return text
  const ports = pairOf(endpoint, 'ports')?.value
  if (isSeq(ports) && ports.items.length > 1) {
    return spliced(text, [
      removeItem(
        text,
        ports,
        ports.items.findIndex((item) => scalarValue(item) === port),
      ),
    ])
  }
  if (policy.endpoints.items.length > 1) return spliced(text, [removeItem(text, policy.endpoints, index)])
  const all = networkPolicies?.value as YAMLMap
  return spliced(text, [removeItem(text, all, all.items.indexOf(policy.pair as never))])
}

function addPolicy(text: string, { root, networkPolicies }: PolicyOutline, item: NewItem): readonly Splice[] {
  if (root === undefined) {
    const lines = ['version: 1', 'network_policies:', ...item.block.map(indented)]
    return [linesBehind(text, text.length, 0, lines)]
  }
  if (networkPolicies === undefined) {
    const section = {
      block: ['network_policies:', ...item.block.map(indented)],
      flow: `"network_policies": { ${item.flow} }`,
    }
    return appendItem(text, root, section)
  }
  const { key, value } = networkPolicies
  if (isMap(value) && (value.items.length > 0 || root.flow)) return appendItem(text, value, item)
  // Nothing, null or {}: the policies go below.
  const colon = text.indexOf(':', endOf(key))
  const end = Math.max(colon + 1, value ? endOf(value) : 0)
  if (root.flow) return [{ start: colon + 1, end, text: ` { ${item.flow} }` }]
  const below = linesBehind(text, end, columnOf(text, startOf(key)), item.block.map(indented))
  return text.slice(colon + 1, end).trim() === '' ? [below] : [{ start: colon + 1, end, text: '' }, below]
}

/** Indented as the first policy of the file is, so that a look at the file does not show who wrote what. */
function newPolicy(
  { policies: [first] }: PolicyOutline,
  text: string,
  { name, binaries }: { readonly name: string; readonly binaries: readonly string[] },
  endpoint: PolicyEndpoint,
  style: FlowStyle,
): NewItem {
  const programs = binaries.map((path) => ({ path }))
  const body = { endpoints: [endpointFields(endpoint)], ...(programs.length === 0 ? {} : { binaries: programs }) }
  const [keys, dashes] = first ? indentsOf(text, first.pair.key, first.pair.value, first.endpoints) : [INDENT, INDENT]
  return {
    block: [
      `${scalarText(name, style)}:`,
      `${' '.repeat(keys)}endpoints:`,
      `${' '.repeat(keys + dashes)}- ${flowText(endpointFields(endpoint), style)}`,
      ...(programs.length === 0 ? [] : [`${' '.repeat(keys)}binaries: ${flowText(programs, style)}`]),
    ],
    flow: `${scalarText(name, style)}: ${flowText(body, style)}`,
  }
}

/** By how much the keys of a policy stand to the right of its name, and the dashes of its endpoints of those. */
function indentsOf(text: string, name: Node, value: Node | null, endpoints: YAMLSeq): readonly [number, number] {
  if (!isMap(value) || value.flow) return [INDENT, INDENT]
  const keys = columnOf(text, value.range![0])
  const dashes = endpoints.flow ? INDENT : columnOf(text, endpoints.range![0]) - keys
  return [keys - columnOf(text, startOf(name)), dashes]
}

function endpointFields({ host, ports: [port = 0], allowedIps }: PolicyEndpoint) {
  return {
    ...(host === undefined ? {} : { host }),
    port,
    ...(allowedIps.length === 0 ? {} : { allowed_ips: allowedIps }),
  }
}

function indented(line: string): string {
  return `${' '.repeat(INDENT)}${line}`
}

function scalarValue(node: unknown): unknown {
  return (node as { readonly value?: unknown } | undefined)?.value
}
