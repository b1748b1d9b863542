import { duplicateViolations } from './duplicate-violations.js'
import { type PlainData, printableName, textsIn } from './plain-data.js'

const MAX_NAMES = 32
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** Why a value is no list of names of environment variables. */
export function environmentNameViolations(field: string, value: PlainData | undefined): readonly string[] {
  const names = textsIn(value)
  if (!Array.isArray(value) || names.length !== value.length || names.length > MAX_NAMES) {
    return [`${field} must be a list of at most ${MAX_NAMES} names of environment variables`]
  }
  return [
    ...names
      .filter((name) => !ENVIRONMENT_NAME.test(name))
      .map((name) => `${field} lists ${printableName(name)}; letters, digits and _ are accepted, e.g. EXAMPLE_API_KEY`),
    // Otherwise --from-existing could be made to send the sealed file's passphrase to a provider.
    ...names
      .filter((name) => /^NEMOCLAW_/i.test(name))
      .map(
        (name) => `${field} lists ${printableName(name)}, which is nemoclaw's own; the provider's names are accepted`,
      ),
    ...duplicateViolations(field, names),
  ]
}
