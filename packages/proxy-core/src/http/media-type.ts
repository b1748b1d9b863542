import { type FieldList, fieldValues } from './field-list.js'

/** A `Content-Type` (RFC 9110 §8.3.1). Names and type are lower case. */
export interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const TYPE = new RegExp(`^(${TOKEN}/${TOKEN})[ \\t]*`)
const PARAMETER = new RegExp(
  `;[ \\t]*(${TOKEN})=(?:(${TOKEN})|"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t -~])*)")[ \\t]*`,
  'y',
)

/**
 * @returns `undefined` where the field is missing, repeated, malformed, names a parameter twice, or in the extended
 *   notation (`boundary*=`, RFC 2231): of that and the plain one, parsers take one or the other.
 */
export function contentMediaType(fields: FieldList): MediaType | undefined {
  const values = fieldValues(fields, 'content-type')
  return values.length === 1 ? parseMediaType(values[0]!) : undefined
}

export function parseMediaType(value: string): MediaType | undefined {
  const type = TYPE.exec(value)
  if (!type) {
    return undefined
  }
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = type[0].length
  while (PARAMETER.lastIndex < value.length) {
    const match = PARAMETER.exec(value)
    const name = match?.[1]?.toLowerCase()
    if (!match || name === undefined || name.includes('*') || parameters.has(name)) {
      return undefined
    }
    parameters.set(name, match[2] ?? match[3]!.replaceAll(/\\(.)/g, '$1'))
  }
  return { type: type[1]!.toLowerCase(), parameters }
}
