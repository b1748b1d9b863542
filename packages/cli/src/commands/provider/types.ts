import { NemoclawCommand } from '../../base-command.js'
import { outputFlag } from '../../report/output-flag.js'
import { table } from '../../report/table.js'

export default class ProviderTypes extends NemoclawCommand {
  static override summary = 'List the provider types that the installed plugins contribute.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o yaml']
  static override flags = { output: outputFlag }

  async run() {
    const { flags } = await this.parse(ProviderTypes)
    const { profiles } = await this.profiles()
    const types = profiles.map(({ profile, package: packageName, packageVersion }) => ({
      type: profile.providerType,
      displayName: profile.displayName,
      package: packageName,
      packageVersion,
      baseUrl: profile.defaultBaseUrl,
      protocols: profile.protocols,
      environment: [...profile.credentialKeyNames, ...profile.baseUrlConfigKeys],
      ...(profile.defaultModel === undefined ? {} : { defaultModel: profile.defaultModel }),
    }))
    await this.show(types, flags.output, {
      table: () =>
        table(
          ['TYPE', 'PACKAGE', 'BASE URL', 'PROTOCOLS', 'ENVIRONMENT'],
          types.map((type) => [
            type.type,
            `${type.package} ${type.packageVersion}`,
            type.baseUrl,
            type.protocols.join(' '),
            type.environment.join(' '),
          ]),
        ),
      names: () => types.map(({ type }) => type),
    })
    return types
  }
}
