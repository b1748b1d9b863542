import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../../base-command.js'
import { setInference } from '../../../cluster/change-inference.js'
import { changedInferenceLines, changedInferenceView } from '../../../cluster/changed-inference-view.js'
import { inferenceChangeFrom, inferenceFlags } from '../../../cluster/inference-flags.js'

export default class ClusterInferenceSet extends NemoclawCommand {
  static override summary = 'Lead inference.local to a model of a provider, once the provider has shown to serve it.'
  static override hiddenAliases = ['inference:set']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --provider my-nvidia --model meta/llama-3.1-8b-instruct',
    '<%= config.bin %> <%= command.id %> --provider my-mock --model mock/echo --no-verify',
  ]
  static override flags = {
    provider: Flags.string({ summary: 'Name of a stored provider.', required: true }),
    model: Flags.string({ summary: 'Model that answers, as the provider calls it.', required: true }),
    ...inferenceFlags,
  }

  async run() {
    const { flags } = await this.parse(ClusterInferenceSet)
    const wanted = { ...inferenceChangeFrom(flags), provider: flags.provider, model: flags.model }
    const verify = this.verifier(await this.profiles(), flags, 'To set it all the same: --no-verify')
    const changed = await setInference(wanted, {
      store: await this.configStore(),
      now: () => new Date().toISOString(),
      ...(flags.verify ? { verify } : {}),
    })
    const view = changedInferenceView(changed, flags.verify)
    this.print(changedInferenceLines(view))
    return view
  }
}
