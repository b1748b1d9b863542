import { NemoclawCommand } from '../../base-command.js'
import { denialLines } from '../../policy/denial-lines.js'

export default class PolicyWhy extends NemoclawCommand {
  static override summary = 'Show what the running proxy denied, why, and the line that would allow each.'
  static override description =
    'Most programs hide what the proxy says when it refuses a tunnel; here it is. The latest denials come first, as long ' +
    'as the proxy runs.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']

  async run() {
    await this.parse(PolicyWhy)
    const { sessionDirectoryOf } = await import('../../session/session-directories.js')
    const { requireSession } = await import('../../session/require-session.js')
    const { askControlSocket } = await import('../../session/control-socket.js')
    const denials = await askControlSocket(await requireSession(sessionDirectoryOf(this.folders.data)), '/denials')
    if (denials.length === 0) this.note('The running proxy has denied nothing.')
    else this.print(denialLines(denials))
    return denials
  }
}
