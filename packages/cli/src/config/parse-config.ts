import { UserError } from '../user-error.js'
import { configViolations } from './config-violations.js'
import type { ConfigDocument } from './schema.js'

/** The schema version that this code reads and writes. */
export const SCHEMA_VERSION = 1

const SHOWN_VIOLATIONS = 5

/**
 * A stored configuration, checked and deeply frozen.
 *
 * Its dictionaries have no prototype, so that looking up a provider called `constructor` finds nothing where none
 * was made. Members that this version does not know are kept: a newer nemoclaw may have put them there.
 *
 * @param where - The file as the user knows it, for the error.
 * @throws {UserError} `ERR_CONFIG_UNREADABLE`: not JSON, not the schema, or a newer schema. The message quotes
 *   nothing of the content but key names.
 */
export function parseConfig(content: string, where: string): ConfigDocument {
  const value = parseJson(content, where)
  const schemaVersion = typeof value === 'object' && value !== null ? Reflect.get(value, 'schemaVersion') : undefined
  if (typeof schemaVersion === 'number' && schemaVersion > SCHEMA_VERSION) {
    throw unreadable(
      `${where} was written by a newer nemoclaw (its schema is ${schemaVersion}, this one reads ${SCHEMA_VERSION})`,
      ['Use the newer nemoclaw, or move the file away to begin anew.'],
    )
  }
  const violations = configViolations(value)
  if (violations.length > 0) {
    const more = violations.length - SHOWN_VIOLATIONS
    const shown = violations.slice(0, SHOWN_VIOLATIONS).join('; ')
    throw unreadable(`${where} is not a nemoclaw configuration: ${shown}${more > 0 ? `; and ${more} more` : ''}`, [
      `Mend ${where}, or move it away to begin anew.`,
    ])
  }
  return freeze(value) as ConfigDocument
}

/** The text of a document as it is stored. */
export function serialiseConfig(document: ConfigDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function parseJson(content: string, where: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    // The parser's own message quotes the content around the fault: not to be shown, and so not kept as cause either.
    throw unreadable(`${where} is not valid JSON`, [`Mend ${where}, or move it away to begin anew.`])
  }
}

function freeze(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(freeze))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
    // JSON.parse makes an own member of it, and the next assignment by name would set a prototype.
    .filter(([key]) => key !== '__proto__')
    .map(([key, member]) => [key, freeze(member)] as const)
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(members)))
}

function unreadable(message: string, suggestions: readonly string[]): UserError {
  return new UserError('ERR_CONFIG_UNREADABLE', message, { suggestions })
}
