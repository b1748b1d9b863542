import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Interfaces } from '@oclif/core'
import { Command } from '@oclif/core/command'
import type { ConfigStore } from './cluster/config-store.js'
import type { ProviderRecord } from './config/schema.js'
import type { StateDirectory } from './config/state-directory.js'
import type { CredentialAccess } from './credential/credential-access.js'
import type { CredentialStore } from './credential/credential-store.js'
import type { SecretInput } from './credential/read-secret.js'
import type { ProviderStorage } from './provider/create-provider.js'
import type { ProfileCatalogue } from './provider/profile-catalogue.js'
import type { VerifiedChoice } from './provider/resolve-provider-route.js'
import type { ValidatedEndpoint } from './provider/verification.js'
import type { HiddenArguments } from './report/hidden-arguments.js'
import type { OutputFormat } from './report/output-flag.js'
import { printable } from './report/printable.js'
import { type OutputViews, renderOutput } from './report/render-output.js'
import { type Terminal, terminalOf } from './report/terminal.js'
import { wantsJson } from './report/wants-json.js'
import { withSpinner } from './report/with-spinner.js'
import type { UpstreamProxyArguments } from './session/upstream-proxy.js'

/** The folders of this user's state; each may not exist yet. */
export interface StateFolders {
  readonly config: string
  readonly data: string
  readonly cache: string
}

/** How a verification reaches a provider: as the proxy would. */
interface VerifierFlags extends UpstreamProxyArguments {
  readonly 'upstream-ca'?: string | undefined
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
    const { path, shownAs } = this.stateDirectory
    return new LocalConfigStore({ directory: path, shownAs })
  }

  /** Where configuration and sealed credentials are kept. */
  protected get stateDirectory(): StateDirectory {
    const path = this.folders.config
    const home = homedir()
    return { path, shownAs: path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path }
  }

  /** What it takes to read credentials. */
  protected async credentialAccess(): Promise<CredentialAccess> {
    const [{ credentialStores }, { ReferenceResolver }, { openFingerprint }] = await Promise.all([
      import('./credential/credential-stores.js'),
      import('./credential/reference-resolver.js'),
      import('./credential/fingerprint.js'),
    ])
    const directory = this.stateDirectory
    const { environment } = this
    return {
      directory,
      stores: credentialStores({ directory, environment }),
      references: new ReferenceResolver({ environment }),
      fingerprint: await openFingerprint(directory),
    }
  }

  /** Where new credentials go; says so where that is decided now. */
  protected async newCredentialStore(): Promise<CredentialStore> {
    const { openCredentialStore } = await import('./credential/open-credential-store.js')
    const { store, notice } = await openCredentialStore({
      directory: this.stateDirectory,
      environment: this.environment,
    })
    if (notice !== undefined) this.note(notice)
    return store
  }

  /** What it takes to store a provider. */
  protected async providerStorage(): Promise<ProviderStorage> {
    return {
      store: await this.configStore(),
      openAccess: () => this.credentialAccess(),
      openStore: () => this.newCredentialStore(),
      now: () => new Date().toISOString(),
    }
  }

  /** Where a secret may be read from. */
  protected get secretInput(): SecretInput {
    return { environment: this.environment, stdin: process.stdin, prompt: process.stderr }
  }

  /** What the installed plugins contribute; a plugin that fails is reported on standard error. */
  protected async profiles(config: Interfaces.Config = this.config): Promise<ProfileCatalogue> {
    const { discoverProfiles } = await import('./provider/discover-profiles.js')
    const { providerPlugins } = await import('./provider/provider-plugins.js')
    const catalogue = await discoverProfiles(providerPlugins(config.getPluginsList()), {
      cacheDirectory: this.folders.cache,
      environment: this.environment,
    })
    for (const { package: name, reason } of catalogue.failures) this.warn(`provider plugin ${name}: ${reason}`)
    return catalogue
  }

  /**
   * Asks a provider whether it serves a model, with a spinner meanwhile.
   *
   * @param flags - PEM file of a CA to trust as well, and the proxy that leads outside.
   * @param skip - How to go on without, where that is possible.
   */
  protected verifier(catalogue: ProfileCatalogue, flags: VerifierFlags, skip?: string) {
    return async (record: ProviderRecord, choice: VerifiedChoice): Promise<readonly ValidatedEndpoint[]> => {
      const [{ verifyRecord }, { upstreamRoots }, { readUpstreamProxy }, { requireVerified }, { requireProfile }] =
        await Promise.all([
          import('./provider/verify-record.js'),
          import('./provider/upstream-roots.js'),
          import('./session/upstream-proxy.js'),
          import('./provider/verification.js'),
          import('./provider/require-profile.js'),
        ])
      const profile = requireProfile(catalogue, record.type)
      const extraRoots = upstreamRoots(flags['upstream-ca'] === undefined ? [] : [flags['upstream-ca']])
      const upstreamProxy = await readUpstreamProxy(flags, this.environment)
      const options = { extraRoots, upstreamProxy, userAgent: `nemoclaw/${this.config.version}` }
      const access = await this.credentialAccess()
      const verification = await this.spin(`Asking ${record.name} for ${choice.model}`, () =>
        verifyRecord(record, profile, choice, access, options),
      )
      return requireVerified(verification, skip)
    }
  }

  /** What was typed: possible secrets are hidden from everything else that sees the arguments. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv)
    await this.#noteLearning()
    const { hiddenArguments } = this.config.options as { readonly hiddenArguments?: HiddenArguments }
    return hiddenArguments
      ? { ...parsed, ...hiddenArguments.revealAll({ flags: parsed.flags, args: parsed.args }) }
      : parsed
  }

  /** A proxy that lets through what no policy allows is not to be forgotten. */
  async #noteLearning(): Promise<void> {
    const { sessionDirectoryOf } = await import('./session/session-directories.js')
    const sessions = sessionDirectoryOf(this.folders.data)
    if (!existsSync(sessions.path)) return
    const { learningNotice } = await import('./session/learning-notice.js')
    const notice = learningNotice(sessions, new Date())
    if (notice !== undefined) this.warn(notice)
  }

  /** Prints `value` in the format asked for; JSON is printed by oclif from what `run` returns. */
  protected async show(value: unknown, format: OutputFormat, views: OutputViews): Promise<void> {
    if (this.jsonEnabled()) return
    const text = await renderOutput(value, format, views)
    if (text !== '') this.log(text)
  }

  /** A line, or several, of the result; nothing where JSON was asked for. */
  protected print(text: string): void {
    this.log(printable(text))
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
