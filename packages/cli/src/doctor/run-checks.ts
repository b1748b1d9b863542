import { UserError } from '../user-error.js'
import type { Finding } from './finding.js'

/** A named check; what it throws is a finding too. */
export interface Check {
  readonly name: string
  /** What to type where the check itself cannot say it. */
  readonly fix: string
  run(): Promise<Finding>
}

/** Milliseconds that one check may take. */
const CHECK_LIMIT_MS = 15_000

/** Runs checks one after the other: a later one often fails for the reason an earlier one names. */
export async function runChecks(checks: readonly Check[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const check of checks) {
    findings.push(await settled(check))
  }
  return findings
}

async function settled({ name, fix, run }: Check): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_LIMIT_MS / 1000} s`)), CHECK_LIMIT_MS)
  })
  try {
    return await Promise.race([run(), limit])
  } catch (error) {
    const told = tellable(error as Error)
    const suggestion = told instanceof UserError ? told.suggestions[0] : undefined
    return { check: name, verdict: 'fail', message: told.message, fix: suggestion ?? fix }
  } finally {
    clearTimeout(timer)
  }
}

/** What clients are told of a failure hides its cause; doctor is for the operator. */
function tellable(error: Error): Error {
  return error.cause instanceof UserError && !(error instanceof UserError) ? error.cause : error
}

/** 1 where something is broken. */
export function doctorExitCode(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0
}
