import type { NetworkPolicy, PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { isMap, isScalar, type Node, type Pair } from 'yaml'
import { type PlainYaml, parsePlainYaml } from '../session/plain-yaml.js'
import { UserError } from '../user-error.js'
import { parseFilesystem, parseLandlock, parseProcess } from './parse-confinement.js'
import { parseEndpoint } from './parse-endpoint.js'
import { binaryViolation } from './path-violation.js'
import type { PolicyDocument } from './policy-document.js'
import { YamlFields } from './yaml-fields.js'

const KEYS = ['version', 'network_policies', 'filesystem_policy', 'landlock', 'process'] as const
const MAX_BINARIES = 64
/** Names of network policies. */
export const POLICY_NAME = /^[a-z0-9_-]{1,63}$/

export interface ParsePolicyOptions {
  /** What messages call the file. */
  readonly shownAs: string
  /** Programs are told apart on Linux only; elsewhere a policy that names some is refused, not read without them. */
  readonly platform: NodeJS.Platform
}

/**
 * Reads a policy file; docs/policy.md has its grammar. Nothing in it: everything is denied.
 *
 * @throws {UserError} `ERR_POLICY_INVALID` with line and column.
 */
export function parsePolicy(text: string, { shownAs, platform }: ParsePolicyOptions): PolicyDocument {
  const yaml = parsePlainYaml(text, shownAs, invalid)
  if (isNothing(yaml.root)) return { egress: { policies: [] } }
  const fields = new YamlFields(yaml.root, KEYS, yaml)
  checkVersion(fields)
  const section = <Section>(key: (typeof KEYS)[number], parse: (node: Node, yaml: PlainYaml) => Section) => {
    const node = fields.get(key)
    return node === undefined ? undefined : parse(node, yaml)
  }
  const filesystem = section('filesystem_policy', parseFilesystem)
  const landlock = section('landlock', parseLandlock)
  const process = section('process', parseProcess)
  return {
    egress: { policies: networkPolicies(fields.get('network_policies'), platform, yaml) },
    ...(filesystem && { filesystem }),
    ...(landlock && { landlock }),
    ...(process && { process }),
  }
}

function invalid(message: string): UserError {
  return new UserError('ERR_POLICY_INVALID', message, {
    suggestions: ['An endpoint: - { host: api.example.com, port: 443 }. All of the grammar: docs/policy.md'],
  })
}

function isNothing(node: Node | null | undefined): node is null | undefined {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}

function checkVersion(fields: YamlFields<(typeof KEYS)[number]>): void {
  const version = fields.get('version')
  if (version === undefined) fields.refuse('version', 'is missing; write "version: 1" in the first line')
  if (!isScalar(version) || version.value !== 1 || version.source !== '1') fields.refuse('version', 'must be 1')
}

function networkPolicies(node: Node | undefined, platform: NodeJS.Platform, yaml: PlainYaml): readonly NetworkPolicy[] {
  if (isNothing(node)) return []
  if (!isMap(node)) return yaml.fail('"network_policies" must be a mapping of names to policies', node)
  const names = new Set<string>()
  return (node.items as Pair<Node, Node | null>[]).map(({ key, value }) => {
    const name = isScalar(key) ? String(typeof key.value === 'number' ? key.source : key.value) : ''
    if (!POLICY_NAME.test(name)) yaml.fail('the name of a policy is 1 to 63 of a-z, 0-9, "-" and "_"', key)
    if (names.has(name)) yaml.fail(`a policy named ${name} is there already`, key)
    names.add(name)
    return networkPolicy(name, value ?? key, platform, yaml)
  })
}

function networkPolicy(name: string, node: Node, platform: NodeJS.Platform, yaml: PlainYaml): NetworkPolicy {
  const fields = new YamlFields(node, ['endpoints', 'binaries'], yaml)
  const nodes = fields.list(
    'endpoints',
    Number.POSITIVE_INFINITY,
    'is empty; remove the policy, or name what it allows',
  )
  if (nodes === undefined) return fields.refuse('endpoints', 'is missing: a list of what the policy allows')
  const seen = new Set<string>()
  const endpoints = nodes.map((each) => {
    const endpoint = parseEndpoint(each, yaml)
    for (const identity of identitiesOf(endpoint)) {
      if (seen.has(identity)) yaml.fail(`the endpoint is in policy ${name} already, with the same port`, each)
      seen.add(identity)
    }
    return endpoint
  })
  return { name, endpoints, binaries: binariesOf(fields, platform, yaml) }
}

/** Everything that an endpoint says, once for each of its ports. */
function identitiesOf({ host, ports, allowedIps, resolve, rules }: PolicyEndpoint): readonly string[] {
  const rest = JSON.stringify([host, allowedIps.toSorted(), resolve.toSorted(), rules])
  return ports.map((port) => `${port} ${rest}`)
}

function binariesOf(
  fields: YamlFields<'endpoints' | 'binaries'>,
  platform: NodeJS.Platform,
  yaml: PlainYaml,
): readonly string[] {
  const nodes = fields.list(
    'binaries',
    MAX_BINARIES,
    'is empty, which would read as any program; leave it out for that',
  )
  if (nodes === undefined) return []
  if (platform !== 'linux') {
    fields.refuse(
      'binaries',
      `cannot be held to on ${platform}: programs are told apart on Linux only. Leave it out to allow any program`,
    )
  }
  const paths = nodes.map((node) => {
    const entry = new YamlFields(node, ['path'], yaml)
    const path = entry.required('path')
    entry.check('path', path, binaryViolation)
    return path
  })
  fields.refuseRepeated('binaries', paths)
  return paths.map(({ text }) => text)
}
