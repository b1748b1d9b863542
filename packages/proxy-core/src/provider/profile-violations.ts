/** Replaced by the conformance check. */
export function profileViolations(_candidate: unknown): readonly string[] {
  return []
}
