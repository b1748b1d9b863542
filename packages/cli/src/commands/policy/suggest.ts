import { NemoclawCommand } from '../../base-command.js'

export default class PolicySuggest extends NemoclawCommand {
  static override summary = 'Print what "proxy run --learn" let through and no policy allows, as a policy.'
  static override description =
    'Exact hosts and ports, as they were asked for, for any program, of the last learning session; what your policy allows ' +
    'already is not in it. Add what you want by "policy allow".'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> > learned.yaml',
  ]

  async run() {
    await this.parse(PolicySuggest)
    const { sessionDirectoryOf } = await import('../../session/session-directories.js')
    const { readLearnedDestinations } = await import('../../session/learned-destinations.js')
    const { suggestPolicy } = await import('../../policy/suggest-policy.js')
    const suggestion = suggestPolicy(readLearnedDestinations(sessionDirectoryOf(this.folders.data)))
    if (suggestion.yaml === '') this.note('Nothing was learned yet. Learn: nemoclaw proxy run --learn --for 30m')
    else this.log(suggestion.yaml.trimEnd())
    return suggestion
  }
}
