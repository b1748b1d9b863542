import { cidrViolation, type HttpRule, hostPatternViolation, type PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { isScalar, type Node } from 'yaml'
import type { PlainYaml } from '../session/plain-yaml.js'
import { methodViolation, rulePathViolation } from './http-rule-violation.js'
import { YamlFields } from './yaml-fields.js'

const KEYS = ['host', 'port', 'ports', 'allowed_ips', 'resolve', 'rules'] as const
const MAX_ENTRIES = 64
const MAX_RULES = 256

/** @throws As `yaml.fail` does. */
export function parseEndpoint(node: Node, yaml: PlainYaml): PolicyEndpoint {
  const fields = new YamlFields(node, KEYS, yaml)
  const host = hostOf(fields)
  const ports = portsOf(fields, yaml)
  const allowedIps = fields.texts(
    'allowed_ips',
    MAX_ENTRIES,
    cidrViolation,
    'is empty; leave it out, or list blocks such as "10.0.0.0/8"',
  )
  const resolve = fields.texts(
    'resolve',
    MAX_ENTRIES,
    domainViolation,
    'is empty; leave it out, or list domains such as corp.example',
  )
  if (host === undefined && allowedIps === undefined) {
    fields.refuse('host', 'is missing; an endpoint without one needs "allowed_ips"')
  }
  if (host !== undefined && resolve !== undefined) {
    fields.refuse('resolve', 'stands beside "host"; it is for endpoints without one')
  }
  return {
    ...(host === undefined ? {} : { host }),
    ports,
    allowedIps: allowedIps ?? [],
    resolve: resolve ?? [],
    rules: rulesOf(fields, yaml),
  }
}

type EndpointFields = YamlFields<(typeof KEYS)[number]>

function hostOf(fields: EndpointFields): string | undefined {
  const node = fields.get('host')
  // 127.1 and 2130706433 are numbers to YAML; that they are spellings of addresses is the better reason.
  if (isScalar(node) && typeof node.value === 'number' && node.source) {
    fields.check('host', { text: node.source, node }, hostPatternViolation)
  }
  const host = fields.text('host')
  if (host) fields.check('host', host, hostPatternViolation)
  return host?.text
}

function portsOf(fields: EndpointFields, yaml: PlainYaml): readonly number[] {
  const port = fields.get('port')
  if (port !== undefined && fields.get('ports') !== undefined) fields.refuse('ports', 'stands beside "port"; give one')
  const nodes = port === undefined ? fields.list('ports', MAX_ENTRIES, 'is empty; list at least one') : [port]
  if (nodes === undefined) return fields.refuse('port', 'is missing, as in { host: api.example.com, port: 443 }')
  const ports = nodes.map((node) => ({ text: portOf(node, yaml), node }))
  fields.refuseRepeated('ports', ports)
  return ports.map(({ text }) => Number(text))
}

function portOf(node: Node, yaml: PlainYaml): string {
  const value = isScalar(node) ? node.value : undefined
  const source = isScalar(node) ? (node.source ?? '') : ''
  if (typeof value === 'number' && /^[1-9]\d{0,4}$/.test(source) && value <= 65_535) return source
  if (typeof value === 'string' && /^\d+ *[-:] *\d+$/.test(value)) {
    return yaml.fail('ranges of ports are not accepted; list each one: ports: [8000, 8001]', node)
  }
  if (typeof value === 'string' && /^\d+$/.test(value)) return yaml.fail('a port is written without quotes', node)
  return yaml.fail('a port is a whole number from 1 to 65535', node)
}

/** Why a text is no domain whose names a hostless endpoint admits. */
function domainViolation(text: string): string | undefined {
  if (text.startsWith('.') || text.startsWith('*.')) {
    const domain = text.replace(/^\*?\./, '')
    return `names the domain in another way; write ${domain}, which is every name below it`
  }
  if (/^[\d.]+$|:|\//.test(text)) return 'is no domain; addresses belong to "allowed_ips"'
  return (
    hostPatternViolation(text) ??
    (text.includes('.') ? undefined : 'is too wide; a domain of at least two labels is needed')
  )
}

function rulesOf(fields: EndpointFields, yaml: PlainYaml): readonly HttpRule[] {
  const nodes = fields.list(
    'rules',
    MAX_RULES,
    'is empty, which would read as nothing or as anything; leave it out for anything',
  )
  return (nodes ?? []).map((node) => {
    const rule = new YamlFields(node, ['method', 'path'], yaml)
    const method = rule.required('method')
    const path = rule.required('path')
    rule.check('method', method, methodViolation)
    rule.check('path', path, rulePathViolation)
    return { method: method.text, path: path.text }
  })
}
