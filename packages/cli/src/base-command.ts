import { Command } from '@oclif/core/command'
import type { ConfigStore } from './cluster/config-store.js'
import type { ProfileCatalogue } from './provider/profile-catalogue.js'
import type { HiddenArguments } from './report/hidden-arguments.js'
import type { OutputFormat } from './report/output-flag.js'
import { printable } from './report/printable.js'
import { type OutputViews, renderOutput } from './report/render-output.js'
import { type Terminal, terminalOf } from './report/terminal.js'
import { wantsJson } from './report/wants-json.js'
import { withSpinner } from './report/with-spinner.js'

/** The folders of this user's state; each may not exist yet. */
export interface StateFolders {
  readonly config: string
  readonly data: string
  readonly cache: string
}

/**
 * What every command has: one way to print, one way to fail, and the state of this machine, opened when first used
 * and imported no earlier, so that `--help` and `provider list` start at once.
 *
 * The environment, standard input and the terminal are read here and in commands, and nowhere deeper.
 */
export abstract class NemoclawCommand extends Command {
  static override enableJsonFlag = true

  /** Lower layers are handed this instead of `process.env`. */
  protected readonly environment = (name: string): string | undefined => process.env[name]

  protected get folders(): StateFolders {
    const { configDir, dataDir, cacheDir } = this.config
    return { config: configDir, data: dataDir, cache: cacheDir }
  }

  protected get terminal(): Terminal {
    return terminalOf(process)
  }

  protected async configStore(): Promise<ConfigStore> {
    const { LocalConfigStore } = await import('./cluster/local-config-store.js')
    return new LocalConfigStore({ directory: this.folders.config })
  }

  /** What the installed plugins contribute; a plugin that fails is reported on standard error. */
  protected async profiles(): Promise<ProfileCatalogue> {
    const { discoverProfiles } = await import('./provider/discover-profiles.js')
    const { providerPlugins } = await import('./provider/provider-plugins.js')
    const catalogue = await discoverProfiles(providerPlugins(this.config.getPluginsList()), {
      cacheDirectory: this.folders.cache,
      environment: this.environment,
    })
    for (const { package: name, reason } of catalogue.failures) this.warn(`provider plugin ${name}: ${reason}`)
    return catalogue
  }

  /** What was typed: possible secrets are hidden from everything else that sees the arguments. */
  protected reveal(argument: string): string {
    const { hiddenArguments } = this.config.options as { readonly hiddenArguments?: HiddenArguments }
    return hiddenArguments?.reveal(argument) ?? argument
  }

  /** Prints `value` in the format asked for; JSON is printed by oclif from what `run` returns. */
  protected async show(value: unknown, format: OutputFormat, views: OutputViews): Promise<void> {
    if (this.jsonEnabled()) return
    const text = await renderOutput(value, format, views)
    if (text !== '') this.log(text)
  }

  /** A line beside the result, for a person: standard error, so that a pipe gets the result alone. */
  protected note(line: string): void {
    process.stderr.write(`${printable(line)}\n`)
  }

  protected spin<Result>(text: string, work: () => Promise<Result>): Promise<Result> {
    return withSpinner(text, process.stderr, work)
  }

  /** Not oclif's, which breaks lines at 80 columns and says nothing under `--json`. */
  override warn(input: Error | string): Error | string {
    this.note(`Warning: ${input instanceof Error ? input.message : input}`)
    return input
  }

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || wantsJson(this.argv)
  }

  /** Told once, at the end of the process, whatever threw it. */
  protected override async catch(error: Error): Promise<never> {
    throw error
  }
}
