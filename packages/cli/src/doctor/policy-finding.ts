import type { PolicyFile } from '../policy/policy-file.js'
import { policyCount } from '../policy/policy-view.js'
import { readPolicyFile } from '../policy/read-policy-file.js'
import type { SessionStatus } from '../session/session-status.js'
import { type Finding, fail, ok, skip, warn } from './finding.js'

/**
 * @param file - The user's own policy; a running proxy may have been given another.
 * @throws {UserError} Those of `readPolicyFile`.
 */
export function policyFinding(file: PolicyFile, status: SessionStatus | undefined): Finding {
  const running = status?.policy
  if (running?.learningUntil !== undefined) {
    const fix = 'Wait, or end the proxy; then: nemoclaw policy suggest'
    return warn('policy', `the proxy is learning until ${running.learningUntil}: what no policy allows passes`, fix)
  }
  if (running?.problem !== undefined) return fail('policy', running.problem, `nemoclaw policy validate ${running.file}`)
  if (running !== undefined && running.file !== file.path) return ok('policy', `the proxy uses ${running.file}`)
  const document = readPolicyFile(file)
  return document
    ? ok('policy', `${file.shownAs}: ${policyCount(document.egress)}`)
    : skip('policy', `no ${file.shownAs}: everything but inference.local is denied`)
}
