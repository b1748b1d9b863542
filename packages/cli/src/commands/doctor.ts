import { NemoclawCommand } from '../base-command.js'

export default class Doctor extends NemoclawCommand {
  static override summary = 'Check everything between an agent and its model, and say what to type where it is broken.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']

  async run() {
    await this.parse(Doctor)
    const { doctorChecks } = await import('../doctor/checks.js')
    const { doctorExitCode, runChecks } = await import('../doctor/run-checks.js')
    const { findingLines } = await import('../doctor/finding-lines.js')
    const checks = doctorChecks({
      folders: this.folders,
      directory: this.stateDirectory,
      environment: this.environment,
      store: await this.configStore(),
      access: () => this.credentialAccess(),
      profiles: () => this.profiles(),
    })
    const findings = await runChecks(checks)
    this.log(findingLines(findings))
    process.exitCode = doctorExitCode(findings)
    return findings
  }
}
