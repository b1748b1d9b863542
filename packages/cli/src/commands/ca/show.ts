import { NemoclawCommand } from '../../base-command.js'
import { outputFlag } from '../../report/output-flag.js'
import { details } from '../../report/table.js'

export default class CaShow extends NemoclawCommand {
  static override summary = 'Show the CA: what it can vouch for, its fingerprint, and when it ends.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o json']
  static override flags = { output: outputFlag }

  async run() {
    const { flags } = await this.parse(CaShow)
    const { showAuthority } = await import('../../ca/show-authority.js')
    const { caDirectoryOf } = await import('../../session/session-directories.js')
    const view = await showAuthority(caDirectoryOf(this.folders.data))
    await this.show(view, flags.output, {
      table: () =>
        details([
          ['Root', view.rootPath],
          ['SHA-256', view.rootFingerprint],
          ['Vouches for', `${view.vouchesFor} only (critical name constraints on the intermediate; no IP address)`],
          ['Root key', 'destroyed when the CA was made'],
          ['Ends', view.notAfter],
        ]),
      names: () => [view.rootFingerprint],
    })
    return view
  }
}
