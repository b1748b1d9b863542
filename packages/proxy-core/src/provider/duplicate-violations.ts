import { printableName } from './plain-data.js'

/** What a list of names holds more than once. */
export function duplicateViolations(field: string, names: readonly string[]): readonly string[] {
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  return [...new Set(repeated)].map((name) => `${field} lists ${printableName(name)} twice; each once is accepted`)
}
