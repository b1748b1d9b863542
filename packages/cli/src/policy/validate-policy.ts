import { UserError } from '../user-error.js'
import type { PolicyFile } from './policy-file.js'
import { policySize } from './policy-size.js'
import { policyCount } from './policy-view.js'
import { readPolicyFile } from './read-policy-file.js'

/** That a policy file is good; what `--json` prints, and so a public contract. */
export interface PolicyValidation {
  readonly file: string
  readonly exists: boolean
  readonly policies: number
  readonly endpoints: number
  /** For a person. */
  readonly summary: string
}

/**
 * @throws {UserError} `ERR_POLICY_NOT_FOUND` where a file other than the user's own is not there; those of
 *   `readPolicyFile`.
 */
export function validatePolicy(file: PolicyFile, platform: NodeJS.Platform = process.platform): PolicyValidation {
  const document = readPolicyFile(file, platform)
  if (!document && !file.directory) {
    throw new UserError('ERR_POLICY_NOT_FOUND', `there is no file ${file.shownAs}`, {
      suggestions: [`Check the path: ls -l ${file.shownAs}`],
    })
  }
  const egress = document?.egress ?? { policies: [] }
  return {
    file: file.path,
    exists: document !== undefined,
    ...policySize(egress),
    summary: document
      ? `✓ ${file.shownAs}: ${policyCount(egress)}`
      : `There is no ${file.shownAs}: everything but inference.local is denied`,
  }
}
