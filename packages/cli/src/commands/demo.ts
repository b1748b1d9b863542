import { NemoclawCommand } from '../base-command.js'

export default class Demo extends NemoclawCommand {
  static override summary = 'Show the main job end to end on the embedded mock provider, in a temporary folder.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run() {
    await this.parse(Demo)
    const { runDemo } = await import('../demo/run-demo.js')
    const { untilInterrupted } = await import('../demo/until-interrupted.js')
    return untilInterrupted((signal) =>
      runDemo({
        program: [process.execPath, process.argv[1]!],
        path: this.environment('PATH') ?? '',
        signal,
        write: (text) => (this.jsonEnabled() ? undefined : process.stdout.write(text)),
      }),
    )
  }
}
