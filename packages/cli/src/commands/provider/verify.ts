import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { checkModel, inferenceFlags } from '../../cluster/inference-flags.js'
import { providerNameFrom } from '../../provider/check-provider-name.js'
import { modelToVerify } from '../../provider/model-to-verify.js'
import { nameArgument, providerFlags } from '../../provider/provider-flags.js'
import { requireProfile } from '../../provider/require-profile.js'
import { requireProvider } from '../../provider/require-provider.js'
import { upstreamProxyFlags } from '../../session/upstream-proxy-flags.js'

export default class ProviderVerify extends NemoclawCommand {
  static override summary = 'Ask a provider for a few tokens: does it answer, with this credential and this model?'
  static override examples = [
    '<%= config.bin %> <%= command.id %> my-nvidia',
    '<%= config.bin %> <%= command.id %> my-openai --model gpt-4o-mini',
  ]
  static override args = nameArgument
  static override flags = {
    name: providerFlags.name,
    model: Flags.string({ summary: "Model to ask; the route's, else the type's default, where left out." }),
    'upstream-ca': inferenceFlags['upstream-ca'],
    ...upstreamProxyFlags,
  }

  async run() {
    const { args, flags } = await this.parse(ProviderVerify)
    const name = providerNameFrom(args.name, flags.name, 'nemoclaw provider verify my-nvidia')
    const document = await (await this.configStore()).read()
    const record = requireProvider(document, name)
    const catalogue = await this.profiles()
    const typed = flags.model === undefined ? undefined : checkModel(flags.model)
    const model = modelToVerify(document, record, requireProfile(catalogue, record.type), typed)
    const verify = this.verifier(catalogue, flags)
    const endpoints = await verify(record, { model })
    this.print(`✓ Provider ${name} serves ${model}`)
    for (const { url, protocol } of endpoints) this.print(`  ${url} (${protocol})`)
    return { provider: name, model, endpoints }
  }
}
