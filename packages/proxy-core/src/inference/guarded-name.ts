/**
 * Tells which of the names that matter a member's name could be taken for: providers match names in other letter
 * cases (Go's encoding/json), in compatibility forms (U+017F for s), and forms with brackets (`model[]`).
 *
 * @param guarded - Lower-case names that matter.
 * @returns The guarded name, where `name` is one or could be read as one.
 */
export function guardedName(name: string, guarded: ReadonlySet<string>): string | undefined {
  if (guarded.has(name)) {
    return name
  }
  const folded = name.normalize('NFKC').toLowerCase().replace(/\[.*$/s, '').trim()
  return guarded.has(folded) ? folded : undefined
}
