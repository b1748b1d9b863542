import * as Args from '@oclif/core/args'
import { NemoclawCommand } from '../../base-command.js'
import { policyFlag, policyNameFlag } from '../../policy/policy-flags.js'

export default class PolicyRevoke extends NemoclawCommand {
  static override summary = 'Take a host and port out of the policy file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> github.com:443',
    '<%= config.bin %> <%= command.id %> "*.githubusercontent.com:443" --name github',
  ]
  static override args = {
    endpoints: Args.string({
      name: 'HOST:PORT',
      description: 'Host and port, as an endpoint names them.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = { name: policyNameFlag, policy: policyFlag }

  async run() {
    const { args, flags } = await this.parse(PolicyRevoke)
    const [{ policyFileOf }, { revokeEgress }, { remainingLines, revokedLines }] = await Promise.all([
      import('../../policy/policy-file.js'),
      import('../../policy/revoke-egress.js'),
      import('../../policy/change-lines.js'),
    ])
    const file = policyFileOf(this.stateDirectory, flags.policy)
    const wanted = { endpoints: args.endpoints, ...(flags.name === undefined ? {} : { name: flags.name }) }
    const result = await revokeEgress(file, wanted)
    this.print(revokedLines(result.revoked))
    for (const line of remainingLines(result.remaining, file.shownAs)) this.warn(line)
    return result
  }
}
