import { NemoclawCommand } from '../../base-command.js'
import { providerNameFrom } from '../../provider/check-provider-name.js'
import { confirmMove, strandedWarnings } from '../../provider/move-credentials.js'
import { checkReferences, planUpdate } from '../../provider/plan-provider-change.js'
import { argumentWarnings, readProviderArguments } from '../../provider/provider-arguments.js'
import { nameArgument, providerFlags, updateFlags } from '../../provider/provider-flags.js'
import { providerView } from '../../provider/provider-view.js'
import { refuseEmptyUpdate, refuseTypeChange } from '../../provider/refuse-update.js'
import { requireProfile } from '../../provider/require-profile.js'
import { requireProvider } from '../../provider/require-provider.js'
import { updateProvider } from '../../provider/update-provider.js'

export default class ProviderUpdate extends NemoclawCommand {
  static override summary =
    'Change a provider: what is not named stays. A running proxy serves the next request with it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> my-nvidia --credential NVIDIA_API_KEY',
    '<%= config.bin %> <%= command.id %> my-nim --base-url http://127.0.0.1:9000/v1 --credential NVIDIA_API_KEY',
  ]
  static override args = nameArgument
  static override flags = {
    ...providerFlags,
    ...updateFlags,
  }

  async run() {
    const { args, flags } = await this.parse(ProviderUpdate)
    const name = providerNameFrom(args.name, flags.name, 'nemoclaw provider update my-nvidia --credential KEY')
    const given = readProviderArguments(flags)
    const removals = { credentials: flags['unset-credential'] ?? [], config: flags['unset-config'] ?? [] }
    refuseEmptyUpdate(given, removals, flags['move-credential'])
    for (const line of argumentWarnings(given)) this.warn(line)
    const storage = await this.providerStorage()
    const before = refuseTypeChange(requireProvider(await storage.store.read(), name), flags.type)
    const catalogue = await this.profiles()
    const profile = requireProfile(catalogue, before.type)
    const planned = await planUpdate(given, profile, removals, this.secretInput)
    const change = flags['move-credential'] ? await confirmMove(before, profile, planned, this.terminal) : planned
    if (flags.verify) await checkReferences(change, this.environment)
    const { record, notices } = await updateProvider(name, profile, change, storage)
    for (const line of [...notices, ...strandedWarnings(record, profile)]) this.warn(line)
    this.print(`✓ Updated provider ${name}`)
    return providerView(record, await storage.store.read(), catalogue)
  }
}
