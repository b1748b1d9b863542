import { randomUUID } from 'node:crypto'
import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { providerNameFrom } from '../../provider/check-provider-name.js'
import { createProvider, refuseExisting } from '../../provider/create-provider.js'
import { checkReferences, planCreation } from '../../provider/plan-provider-change.js'
import { argumentWarnings, readProviderArguments } from '../../provider/provider-arguments.js'
import { nameArgument, providerFlags } from '../../provider/provider-flags.js'
import { providerView } from '../../provider/provider-view.js'
import { requireProfile } from '../../provider/require-profile.js'

export default class ProviderCreate extends NemoclawCommand {
  static override summary = 'Store a provider: its type, its credential and where it is.'
  static override examples = [
    {
      description: 'The embedded provider, which takes any key:',
      command: 'MOCK_API_KEY=anything <%= config.bin %> <%= command.id %> my-mock --type mock --from-existing',
    },
    '<%= config.bin %> <%= command.id %> my-nvidia --type nvidia --credential NVIDIA_API_KEY',
    '<%= config.bin %> <%= command.id %> my-nim --type nvidia --base-url http://127.0.0.1:8000/v1 --credential NVIDIA_API_KEY=-',
  ]
  static override args = nameArgument
  static override flags = {
    ...providerFlags,
    type: Flags.string({ summary: 'Type of the provider; see `provider types`.', required: true }),
  }

  async run() {
    const { args, flags } = await this.parse(ProviderCreate)
    const name = providerNameFrom(args.name, flags.name, 'nemoclaw provider create my-nvidia --type nvidia')
    const given = readProviderArguments(flags)
    for (const line of argumentWarnings(given)) this.warn(line)
    const catalogue = await this.profiles()
    const profile = requireProfile(catalogue, flags.type)
    const storage = await this.providerStorage()
    refuseExisting(await storage.store.read(), name)
    const change = await planCreation(given, profile, this.secretInput)
    if (flags.verify) await checkReferences(change, this.environment)
    const { record, notices } = await createProvider(name, randomUUID(), profile, change, storage)
    for (const line of notices) this.warn(line)
    this.print(`✓ Created provider ${name}`)
    return providerView(record, await storage.store.read(), catalogue)
  }
}
