import { NemoclawCommand } from '../../../base-command.js'
import { unsetInference } from '../../../cluster/unset-inference.js'

export default class ClusterInferenceUnset extends NemoclawCommand {
  static override summary = 'Remove the route of inference.local.'
  static override hiddenAliases = ['inference:unset']
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run() {
    await this.parse(ClusterInferenceUnset)
    const removed = await unsetInference(await this.configStore(), await this.profiles())
    this.print('✓ Removed the route of inference.local')
    if (removed.leadsNow) {
      this.print(`  It leads to ${removed.leadsNow.provider} (default) now: ${removed.leadsNow.model}`)
    }
    return removed
  }
}
