import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { providerNamesFrom } from '../../provider/check-provider-name.js'
import { deleteProviders } from '../../provider/delete-providers.js'
import { providerFlags } from '../../provider/provider-flags.js'

export default class ProviderDelete extends NemoclawCommand {
  static override summary = 'Delete providers with their stored credentials; none of them where one is in use.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> my-nvidia',
    '<%= config.bin %> <%= command.id %> my-openai my-mock --force',
  ]
  static override args = {
    names: Args.string({ name: 'NAME', description: 'Name of a provider.', multiple: true, ignoreStdin: true }),
  }
  static override flags = {
    name: providerFlags.name,
    force: Flags.boolean({ summary: 'Delete although a route leads to it: requests get 503 then.', default: false }),
  }

  async run() {
    const { args, flags } = await this.parse(ProviderDelete)
    const names = providerNamesFrom(args.names ?? [], flags.name, 'nemoclaw provider delete my-nvidia')
    const notices = await deleteProviders(names, flags.force, await this.providerStorage())
    for (const line of notices) this.warn(line)
    for (const name of names) this.print(`✓ Deleted provider ${name}`)
    return { deleted: names }
  }
}
