import { NemoclawCommand } from '../../base-command.js'

export default class CaPath extends NemoclawCommand {
  static override summary =
    'Print the path of the CA certificate that clients must trust; makes the CA where there is none.'
  static override description =
    'Trusting it is safe: the CA can vouch for inference.local only, and the key of its root no longer exists.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    'openssl x509 -noout -text -in "$(<%= config.bin %> <%= command.id %>)"',
  ]

  async run(): Promise<{ readonly path: string; readonly bundle: string }> {
    await this.parse(CaPath)
    const { CaStore } = await import('../../ca/ca-store.js')
    const { caDirectoryOf } = await import('../../session/session-directories.js')
    const store = new CaStore(caDirectoryOf(this.folders.data))
    const bundle = await store.trustBundle()
    this.log(store.rootPath)
    return { path: store.rootPath, bundle }
  }
}
