import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CliHome, cliHome } from '../cli/run-cli.js'

/** A user's state, with a policy file where there is a text for it. */
export interface PolicyHome extends CliHome {
  /** Path of the user's own policy file, which may not exist. */
  readonly policyPath: string
  /** What messages call it. */
  readonly shownAs: string
  policyText(): string
}

export function policyHome(text?: string): PolicyHome {
  const home = cliHome()
  const policyPath = join(home.path, 'state', 'config', 'policy.yaml')
  if (text !== undefined) {
    mkdirSync(dirname(policyPath), { recursive: true, mode: 0o700 })
    writeFileSync(policyPath, text, { mode: 0o600 })
  }
  return Object.assign(home, {
    policyPath,
    shownAs: '~/state/config/policy.yaml',
    policyText: () => readFileSync(policyPath, 'utf8'),
  })
}
