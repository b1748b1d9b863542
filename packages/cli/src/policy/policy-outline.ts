import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { parsePlainYaml } from '../session/plain-yaml.js'

/** Where the parts of a policy file stand in its text. */
export interface PolicyOutline {
  readonly root: YAMLMap | undefined
  /** The pair `network_policies: ...`. */
  readonly networkPolicies: Pair<Node, Node | null> | undefined
  readonly policies: readonly PolicyPlace[]
}

export interface PolicyPlace {
  readonly name: string
  readonly pair: Pair<Node, Node | null>
  readonly endpoints: YAMLSeq
}

/** @param text - A policy file that has been checked. */
export function outlinePolicy(text: string): PolicyOutline {
  const { root } = parsePlainYaml(text, 'policy', (message) => new Error(message))
  if (!isMap(root)) return { root: undefined, networkPolicies: undefined, policies: [] }
  const networkPolicies = pairOf(root, 'network_policies')
  const value = networkPolicies?.value
  const pairs = isMap(value) ? (value.items as Pair<Node, Node | null>[]) : []
  return {
    root,
    networkPolicies,
    policies: pairs.flatMap((pair) => {
      const endpoints = isMap(pair.value) ? pairOf(pair.value, 'endpoints')?.value : undefined
      return isSeq(endpoints) ? [{ name: keyOf(pair), pair, endpoints }] : []
    }),
  }
}

/** The value of a key in a mapping. */
export function pairOf(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return (map.items as Pair<Node, Node | null>[]).find((pair) => keyOf(pair) === key)
}

/** The number of the line, from 1, in which an endpoint begins. */
export function endpointLine(
  text: string,
  { policies }: PolicyOutline,
  place: { readonly policy: string; readonly index: number },
): number {
  const node = policies.find(({ name }) => name === place.policy)?.endpoints.items[place.index] as Node | undefined
  return text.slice(0, node?.range?.[0] ?? 0).split('\n').length
}

function keyOf({ key }: Pair<Node, Node | null>): string {
  return isScalar(key) ? String(typeof key.value === 'number' ? key.source : key.value) : ''
}
