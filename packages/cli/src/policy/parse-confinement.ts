import { isScalar, type Node } from 'yaml'
import type { PlainYaml } from '../session/plain-yaml.js'
import { pathViolation } from './path-violation.js'
import {
  type FilesystemPolicy,
  LANDLOCK_COMPATIBILITIES,
  type LandlockPolicy,
  type ProcessPolicy,
} from './policy-document.js'
import { YamlFields } from './yaml-fields.js'

const MAX_PATHS = 256
/** A name as useradd makes them, or a number. */
const USER = /^(?:[a-z_][a-z0-9_-]{0,31}|0|[1-9]\d{0,9})$/

export function parseFilesystem(node: Node, yaml: PlainYaml): FilesystemPolicy {
  const fields = new YamlFields(node, ['include_workdir', 'read_only', 'read_write'], yaml)
  const includeWorkdir = fields.boolean('include_workdir')
  return {
    ...(includeWorkdir === undefined ? {} : { includeWorkdir }),
    readOnly: fields.texts('read_only', MAX_PATHS, pathViolation) ?? [],
    readWrite: fields.texts('read_write', MAX_PATHS, pathViolation) ?? [],
  }
}

export function parseLandlock(node: Node, yaml: PlainYaml): LandlockPolicy {
  const fields = new YamlFields(node, ['compatibility'], yaml)
  const { text } = fields.required('compatibility')
  const compatibility = LANDLOCK_COMPATIBILITIES.find((each) => each === text)
  return {
    compatibility: compatibility ?? fields.refuse('compatibility', `must be ${LANDLOCK_COMPATIBILITIES.join(' or ')}`),
  }
}

export function parseProcess(node: Node, yaml: PlainYaml): ProcessPolicy {
  const fields = new YamlFields(node, ['run_as_user', 'run_as_group'], yaml)
  const account = (key: 'run_as_user' | 'run_as_group'): string | undefined => {
    const value = fields.get(key)
    if (value === undefined) return undefined
    const text = isScalar(value) ? (typeof value.value === 'number' ? value.source : value.value) : undefined
    return typeof text === 'string' && USER.test(text) ? text : fields.refuse(key, 'must be a name or a number')
  }
  const runAsUser = account('run_as_user')
  const runAsGroup = account('run_as_group')
  return { ...(runAsUser === undefined ? {} : { runAsUser }), ...(runAsGroup === undefined ? {} : { runAsGroup }) }
}
