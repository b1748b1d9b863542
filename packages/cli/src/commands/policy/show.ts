import { NemoclawCommand } from '../../base-command.js'
import { policyFlag } from '../../policy/policy-flags.js'
import { outputFlag } from '../../report/output-flag.js'

export default class PolicyShow extends NemoclawCommand {
  static override summary = 'Show what sandboxed programs may reach besides inference.local, and where that is written.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o yaml']
  static override flags = { output: outputFlag, policy: policyFlag }

  async run() {
    const { flags } = await this.parse(PolicyShow)
    const [{ policyFileOf }, { readPolicyFile }, { policyTable, policyView }] = await Promise.all([
      import('../../policy/policy-file.js'),
      import('../../policy/read-policy-file.js'),
      import('../../policy/policy-view.js'),
    ])
    const file = policyFileOf(this.stateDirectory, flags.policy)
    const view = policyView(file.path, readPolicyFile(file)?.egress)
    this.note(view.exists ? `Policy: ${file.shownAs}` : `There is no ${file.shownAs}.`)
    if (view.policies.length === 0) {
      this.note('Everything but inference.local is denied. To allow something: nemoclaw policy allow HOST:PORT')
    }
    await this.show(view, flags.output, {
      table: () => policyTable(view),
      names: () => view.policies.map(({ name }) => name),
    })
    return view
  }
}
