import { NemoclawCommand } from '../../base-command.js'
import { readStoreChoice } from '../../credential/store-choice.js'
import { providerNameFrom } from '../../provider/check-provider-name.js'
import { nameArgument, providerFlags } from '../../provider/provider-flags.js'
import { providerDetails, providerView } from '../../provider/provider-view.js'
import { requireProvider } from '../../provider/require-provider.js'
import { outputFlag } from '../../report/output-flag.js'

export default class ProviderGet extends NemoclawCommand {
  static override summary = 'Show a provider: where it is, and where its credentials are kept. Never their values.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> my-nvidia',
    '<%= config.bin %> <%= command.id %> my-nvidia -o yaml',
  ]
  static override args = nameArgument
  static override flags = { name: providerFlags.name, output: outputFlag }

  async run() {
    const { args, flags } = await this.parse(ProviderGet)
    const name = providerNameFrom(args.name, flags.name, 'nemoclaw provider get my-nvidia')
    const document = await (await this.configStore()).read()
    const provider = providerView(requireProvider(document, name), document, await this.profiles())
    const credentialStore = readStoreChoice(this.stateDirectory)
    const view = { ...provider, ...(credentialStore ? { credentialStore } : {}) }
    await this.show(view, flags.output, { table: () => providerDetails(view), names: () => [view.name] })
    return view
  }
}
