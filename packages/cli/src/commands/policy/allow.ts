import * as Args from '@oclif/core/args'
import { NemoclawCommand } from '../../base-command.js'
import { allowFlags } from '../../policy/policy-flags.js'

export default class PolicyAllow extends NemoclawCommand {
  static override summary = 'Let sandboxed programs reach a host on a port: adds it to the policy file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> github.com:443',
    '<%= config.bin %> <%= command.id %> "*.githubusercontent.com:443" --name github',
    '<%= config.bin %> <%= command.id %> 10.86.8.223:8000 --allowed-ip 10.86.8.223/32',
  ]
  static override args = {
    endpoints: Args.string({
      name: 'HOST:PORT',
      description: 'Host and port, or a URL to take them from; *. in front of a domain stands for one label.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = allowFlags

  async run() {
    const { args, flags } = await this.parse(PolicyAllow)
    const [{ policyFileOf }, { allowEgress }, { allowedLines, allowOptionsFrom }] = await Promise.all([
      import('../../policy/policy-file.js'),
      import('../../policy/allow-egress.js'),
      import('../../policy/change-lines.js'),
    ])
    const file = policyFileOf(this.stateDirectory, flags.policy)
    const { notices, ...result } = await allowEgress(file, allowOptionsFrom(args.endpoints, flags))
    for (const line of notices) this.note(line)
    this.print(allowedLines(result.allowed, file.shownAs))
    return result
  }
}
