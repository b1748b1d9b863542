import { printableLine } from '../report/printable.js'
import type { Finding } from './finding.js'

const MARKS = { ok: '✓', warn: '!', fail: '✗', skip: '-' } as const

/** The findings for a person: one line each, and below it what to type. */
export function findingLines(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  return findings
    .flatMap(({ check, verdict, message, fix }) => [
      printableLine(`${MARKS[verdict]} ${check.padEnd(width)}  ${message}`),
      ...(fix === undefined ? [] : [printableLine(`  ${' '.repeat(width)}  ${fix}`)]),
    ])
    .join('\n')
}
