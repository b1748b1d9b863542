/** Header fields in the order they came, names as spelled (RFC 9110 §5). */
export type FieldList = readonly (readonly [name: string, value: string])[]

/** @param rawHeaders - Node's flat list: name, value, name, value. Values are latin1. */
export function fieldListFromRawHeaders(rawHeaders: readonly string[]): FieldList {
  const fields: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    fields.push([rawHeaders[index]!, rawHeaders[index + 1]!])
  }
  return fields
}

/** @returns Every value of a field, by case-insensitive name (RFC 9110 §5.1). */
export function fieldValues(fields: FieldList, lowerCaseName: string): readonly string[] {
  const values: string[] = []
  for (const [name, value] of fields) {
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) {
      values.push(value)
    }
  }
  return values
}

/** @returns The members of a comma-separated list field (RFC 9110 §5.6.1), lower case. */
export function listMembers(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(',')).map((member) => member.trim().toLowerCase())
}
