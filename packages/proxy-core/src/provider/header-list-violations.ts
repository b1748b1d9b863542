import { duplicateViolations } from './duplicate-violations.js'
import { headerNameViolations, headerValueViolations } from './header-violations.js'
import { type PlainData, textsIn } from './plain-data.js'

const MAX_FIELDS = 32

/**
 * Why a value is no list of fields that the profile sets.
 *
 * @param carrier - The field in which the credential travels, where `auth` names one.
 */
export function defaultHeaderViolations(
  field: string,
  value: PlainData | undefined,
  carrier: PlainData | undefined,
): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_FIELDS) {
    return [`${field} must be a list of at most ${MAX_FIELDS} pairs of name and value; [] is accepted`]
  }
  const names: string[] = []
  const violations = value.flatMap((pair: PlainData, index) => {
    const [name, text, ...rest] = Array.isArray(pair) ? pair : []
    if (typeof name !== 'string' || typeof text !== 'string' || rest.length > 0) {
      return [`${field}[${index}] must be a pair of name and value, both text`]
    }
    names.push(name.toLowerCase())
    return [
      ...headerNameViolations(`${field}[${index}]`, name),
      ...carrierViolations(`${field}[${index}]`, name, carrier),
      ...headerValueViolations(`${field}[${index}]`, text),
    ]
  })
  return [...violations, ...duplicateViolations(field, names)]
}

/**
 * Why a value is no list of client fields that may pass.
 *
 * @param carrier - The field in which the credential travels, where `auth` names one.
 */
export function passthroughViolations(
  field: string,
  value: PlainData | undefined,
  carrier: PlainData | undefined,
): readonly string[] {
  const names = textsIn(value)
  if (!Array.isArray(value) || names.length !== value.length || names.length > MAX_FIELDS) {
    return [`${field} must be a list of at most ${MAX_FIELDS} field names; [] is accepted`]
  }
  return [
    ...names.flatMap((name, index) => [
      ...headerNameViolations(`${field}[${index}]`, name),
      ...carrierViolations(`${field}[${index}]`, name, carrier),
      // The proxy compares these with the client's names in lower case.
      ...(name === name.toLowerCase() ? [] : [`${field}[${index}] has capitals; lower case is accepted`]),
    ]),
    ...duplicateViolations(field, names),
  ]
}

/** A field cannot be both the credential's and the client's or the profile's. */
function carrierViolations(field: string, name: string, carrier: PlainData | undefined): readonly string[] {
  return typeof carrier === 'string' && carrier.toLowerCase() === name.toLowerCase()
    ? [`${field} is the field that auth names; another is accepted`]
    : []
}
