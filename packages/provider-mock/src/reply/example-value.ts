const MAX_DEPTH = 8

/** A value that a JSON Schema accepts, as plain as can be; for arguments of tools and structured text. */
export function exampleValue(schema: unknown, depth = 0): unknown {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) {
    return {}
  }
  const {
    const: constant,
    default: preset,
    enum: choices,
    type,
    anyOf,
    oneOf,
    items,
    minItems,
    minimum,
  } = schema as Record<string, unknown>
  if (constant !== undefined) return constant
  if (Array.isArray(choices)) return choices[0]
  if (preset !== undefined) return preset
  const alternatives = anyOf ?? oneOf
  if (Array.isArray(alternatives)) return exampleValue(alternatives[0], depth + 1)
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return 'mock'
    case 'number':
    case 'integer':
      return typeof minimum === 'number' ? minimum : 1
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return typeof minItems === 'number' && minItems > 0
        ? Array.from({ length: Math.min(minItems, 16) }, () => exampleValue(items, depth + 1))
        : []
    default:
      return exampleObject(schema as Record<string, unknown>, depth)
  }
}

function exampleObject({ properties, required }: Record<string, unknown>, depth: number): unknown {
  const known = typeof properties === 'object' && properties !== null ? (properties as Record<string, unknown>) : {}
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : []
  return Object.fromEntries(names.map((name) => [name, exampleValue(known[name], depth + 1)]))
}
