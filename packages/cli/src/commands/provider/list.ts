import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { providerTable, providerViews } from '../../provider/provider-view.js'
import { outputFlag } from '../../report/output-flag.js'

export default class ProviderList extends NemoclawCommand {
  static override summary = 'List the stored providers.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --names']
  static override flags = {
    output: outputFlag,
    names: Flags.boolean({ summary: 'Names only; the same as -o name.', exclusive: ['json'] }),
  }

  async run() {
    const { flags } = await this.parse(ProviderList)
    const store = await this.configStore()
    const providers = providerViews(await store.read(), await this.profiles())
    if (providers.length === 0) {
      this.note('No providers. Create one: nemoclaw provider create NAME --type TYPE --from-existing')
    }
    await this.show(providers, flags.names ? 'name' : flags.output, {
      table: () => (providers.length === 0 ? '' : providerTable(providers)),
      names: () => providers.map(({ name }) => name),
    })
    return providers
  }
}
