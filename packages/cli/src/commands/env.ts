import { NemoclawCommand } from '../base-command.js'

export default class Env extends NemoclawCommand {
  static override summary = 'Print the environment that leads programs of this shell to the running proxy.'
  static override description =
    'It names the proxy with its token, the CA in every form that runtimes read, and base URLs for SDKs. No credential ' +
    'of a provider is in it. Only use it in a shell whose programs may reach nothing but inference.local and what the policy allows.'
  static override examples = [
    'eval "$(<%= config.bin %> <%= command.id %>)"',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<Readonly<Record<string, string>>> {
    await this.parse(Env)
    const { sessionEnvironment } = await import('../session/session-environment.js')
    const { shellExports } = await import('../session/client-environment.js')
    const environment = await sessionEnvironment(this.folders.data)
    this.log(shellExports(environment))
    return environment
  }
}
