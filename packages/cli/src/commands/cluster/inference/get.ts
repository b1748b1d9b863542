import { NemoclawCommand } from '../../../base-command.js'
import { inferenceDetails, inferenceView } from '../../../cluster/inference-view.js'
import { outputFlag } from '../../../report/output-flag.js'

export default class ClusterInferenceGet extends NemoclawCommand {
  static override summary = 'Show where inference.local leads.'
  static override hiddenAliases = ['inference:get']
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o yaml']
  static override flags = { output: outputFlag }

  async run() {
    const { flags } = await this.parse(ClusterInferenceGet)
    const document = await (await this.configStore()).read()
    const view = inferenceView(document, await this.profiles())
    await this.show(view, flags.output, { table: () => inferenceDetails(view), names: () => [view.route] })
    return view
  }
}
