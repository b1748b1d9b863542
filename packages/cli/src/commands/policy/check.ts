import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { policyFlag } from '../../policy/policy-flags.js'

export default class PolicyCheck extends NemoclawCommand {
  static override summary = 'Ask the policy whether a destination may be reached; exit code 1 where it may not.'
  static override description =
    'Reads the policy file and looks the name up, as the proxy does. An http:// URL is checked as a plain-HTTP request, ' +
    'everything else as a tunnel.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> example.com:443',
    '<%= config.bin %> <%= command.id %> example.com:443 --binary /usr/bin/git',
    '<%= config.bin %> <%= command.id %> http://10.0.0.5:8000/status',
  ]
  static override args = {
    destination: Args.string({
      name: 'HOST:PORT',
      description: 'Host and port, or a URL.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    binary: Flags.string({ summary: 'Program that asks, by its path (Linux).', helpValue: 'PATH' }),
    method: Flags.string({ summary: 'Method of a plain-HTTP request.', default: 'GET' }),
    policy: policyFlag,
  }

  async run() {
    const { args, flags } = await this.parse(PolicyCheck)
    const { policyFileOf } = await import('../../policy/policy-file.js')
    const { checkEgress, checkLines } = await import('../../policy/check-egress.js')
    const check = await checkEgress(policyFileOf(this.stateDirectory, flags.policy), { ...args, ...flags })
    this.print(checkLines(check))
    process.exitCode = check.verdict === 'allow' ? 0 : 1
    return check
  }
}
