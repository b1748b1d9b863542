import { NemoclawCommand } from '../../base-command.js'
import { outputFlag } from '../../report/output-flag.js'
import { statusDetails } from '../../session/status-details.js'

export default class ProxyStatus extends NemoclawCommand {
  static override summary = 'Show the running proxy: where it listens, what it serves, and what it could not apply.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o json']
  static override flags = { output: outputFlag }

  async run() {
    const { flags } = await this.parse(ProxyStatus)
    const { sessionDirectoryOf } = await import('../../session/session-directories.js')
    const { requireSession } = await import('../../session/require-session.js')
    const { askControlSocket } = await import('../../session/control-socket.js')
    const status = await askControlSocket(await requireSession(sessionDirectoryOf(this.folders.data)))
    await this.show(status, flags.output, { table: () => statusDetails(status), names: () => [status.url] })
    return status
  }
}
