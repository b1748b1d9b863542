import { credentialFieldViolations } from './header-violations.js'
import type { PlainData } from './plain-data.js'

const ACCEPTED = "{ kind: 'bearer' }, { kind: 'header', name } and { kind: 'none' } are accepted"

/** Why a value does not say how a credential travels. */
export function authViolations(field: string, value: PlainData | undefined): readonly string[] {
  if (!(value instanceof Map)) {
    return [`${field} must be an object; ${ACCEPTED}`]
  }
  const auth: ReadonlyMap<string, PlainData> = value
  const kind = auth.get('kind')
  if (kind !== 'bearer' && kind !== 'header' && kind !== 'none') {
    return [`${field}.kind is none that is known; ${ACCEPTED}`]
  }
  const members = kind === 'header' ? ['kind', 'name'] : ['kind']
  if ([...auth.keys()].some((name) => !members.includes(name))) {
    return [`${field} has members that kind ${kind} does not know; ${ACCEPTED}`]
  }
  if (kind !== 'header') {
    return []
  }
  const name = auth.get('name')
  return typeof name === 'string'
    ? credentialFieldViolations(`${field}.name`, name)
    : [`${field}.name must be the name of a field; ${ACCEPTED}`]
}
