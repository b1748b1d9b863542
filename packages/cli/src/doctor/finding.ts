/** What one check found. `skip` is said with its reason: an unmade check is no good news. */
export interface Finding {
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail' | 'skip'
  readonly message: string
  /** What to type or change. */
  readonly fix?: string
}

export function ok(check: string, message: string): Finding {
  return { check, verdict: 'ok', message }
}

export function skip(check: string, message: string): Finding {
  return { check, verdict: 'skip', message }
}

export function warn(check: string, message: string, fix: string): Finding {
  return { check, verdict: 'warn', message, fix }
}

export function fail(check: string, message: string, fix: string): Finding {
  return { check, verdict: 'fail', message, fix }
}
