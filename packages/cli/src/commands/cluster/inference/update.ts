import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../../base-command.js'
import { updateInference } from '../../../cluster/change-inference.js'
import { changedInferenceLines, changedInferenceView } from '../../../cluster/changed-inference-view.js'
import { inferenceChangeFrom, inferenceFlags, refuseEmptyChange } from '../../../cluster/inference-flags.js'

export default class ClusterInferenceUpdate extends NemoclawCommand {
  static override summary = 'Change where inference.local leads: what is not named stays.'
  static override hiddenAliases = ['inference:update']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model meta/llama-3.1-70b-instruct',
    '<%= config.bin %> <%= command.id %> --idle-timeout 600 --no-verify',
  ]
  static override flags = {
    provider: Flags.string({ summary: 'Name of a stored provider.' }),
    model: Flags.string({ summary: 'Model that answers, as the provider calls it.' }),
    ...inferenceFlags,
  }

  async run() {
    const { flags } = await this.parse(ClusterInferenceUpdate)
    const change = inferenceChangeFrom(flags)
    refuseEmptyChange(change)
    const verify = this.verifier(await this.profiles(), flags, 'To change it all the same: --no-verify')
    const changed = await updateInference(change, {
      store: await this.configStore(),
      now: () => new Date().toISOString(),
      ...(flags.verify ? { verify } : {}),
    })
    const view = changedInferenceView(changed, flags.verify)
    this.print(changedInferenceLines(view))
    return view
  }
}
