import * as Args from '@oclif/core/args'
import { NemoclawCommand } from '../../base-command.js'

export default class PolicyValidate extends NemoclawCommand {
  static override summary = 'Check a policy file: what is wrong with it is told with line and column.'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override args = {
    file: Args.string({ name: 'FILE', description: 'Policy file; your own where left out.', ignoreStdin: true }),
  }

  async run() {
    const { args } = await this.parse(PolicyValidate)
    const [{ policyFileOf }, { validatePolicy }] = await Promise.all([
      import('../../policy/policy-file.js'),
      import('../../policy/validate-policy.js'),
    ])
    const { summary, ...validation } = validatePolicy(policyFileOf(this.stateDirectory, args.file))
    this.print(summary)
    return validation
  }
}
