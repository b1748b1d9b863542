import { ProxyError, type ResolvedRoute } from '@nemoclaw/proxy-core'
import type { ConfigEvent, ConfigStore } from '../cluster/config-store.js'
import { unsetDefaultRoute } from '../cluster/unset-default-route.js'
import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { requireProfile } from '../provider/require-profile.js'
import { type CredentialReading, type RouteChoice, resolveProviderRoute } from '../provider/resolve-provider-route.js'
import { routeFailure } from './route-failure.js'
import { REFERENCE_TTL_MS, type Resolution, RouteKeeper } from './route-keeper.js'
import { routeNewsEvent } from './route-news-event.js'
import type { ConfigurationEvent, RoutesState, SessionRoutes } from './session-routes.js'

export interface LiveRoutesOptions {
  readonly store: ConfigStore
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly credentials: CredentialReading
  readonly onEvent: (event: ConfigurationEvent) => void
}

/** The stored intent as a source of routes, resolved anew with each change of the configuration. */
export class LiveRoutes implements SessionRoutes {
  readonly #options: LiveRoutesOptions
  readonly #keeper: RouteKeeper
  readonly #stopWatching: () => void
  #document: ConfigDocument
  #brokenBecause: string | undefined

  /** @throws {UserError} `ERR_CONFIG_UNREADABLE`: with no last good configuration, nothing can be served. */
  static async open(options: LiveRoutesOptions): Promise<LiveRoutes> {
    return new LiveRoutes(options, await options.store.read())
  }

  private constructor(options: LiveRoutesOptions, document: ConfigDocument) {
    this.#options = options
    this.#document = document
    this.#keeper = new RouteKeeper({
      resolve: () => this.#resolveNow(this.#document),
      fingerprint: options.credentials.fingerprint,
      onNews: (news) => options.onEvent(routeNewsEvent(news)),
    })
    this.#stopWatching = options.store.watch((event) => this.#hear(event))
  }

  get state(): RoutesState {
    const { route, problem } = this.#keeper.state
    return {
      configuration: 'stored',
      configVersion: this.#document.version,
      ...(route && { route }),
      problems: [this.#brokenBecause, problem].filter((text) => text !== undefined),
    }
  }

  resolve(): ResolvedRoute | Promise<ResolvedRoute> {
    return this.#keeper.get()
  }

  warm(): Promise<void> {
    return this.#keeper.warm()
  }

  close(): void {
    this.#stopWatching()
  }

  #hear(event: ConfigEvent): void {
    const { onEvent } = this.#options
    if (event.kind === 'broken') {
      this.#brokenBecause = event.error.message
      onEvent({ kind: 'config', action: 'kept_last_good', detail: event.error.message })
      return
    }
    this.#brokenBecause = undefined
    this.#document = event.document
    onEvent({ kind: 'config', action: 'applied', detail: `version ${event.document.version}` })
    this.#keeper.renew()
    // At once: the operator who just changed something reads in the log whether it works, and no exchange waits.
    void this.#keeper.warm()
  }

  async #resolveNow(document: ConfigDocument): Promise<Resolution> {
    const { profiles, credentials } = this.#options
    const catalogue = await profiles()
    const { record, choice } = chosenProvider(document, catalogue)
    try {
      const route = await resolveProviderRoute(record, requireProfile(catalogue, record.type), choice, credentials)
      const isReferenced = Object.values(record.credentials).some(({ kept }) => kept === 'reference')
      return { route, validForMs: isReferenced ? REFERENCE_TTL_MS : Number.POSITIVE_INFINITY }
    } catch (error) {
      throw routeFailure(error, record.name)
    }
  }
}

function chosenProvider(
  document: ConfigDocument,
  catalogue: ProfileCatalogue,
): { readonly record: ProviderRecord; readonly choice: RouteChoice } {
  const { inference, providers } = document
  if (inference) {
    const record = Object.hasOwn(providers, inference.provider) ? providers[inference.provider] : undefined
    if (record) return { record, choice: { ...inference, source: 'configured' } }
    throw new ProxyError(
      'ERR_PROVIDER_MISSING',
      `The route leads to provider "${inference.provider}", which was deleted. Choose another: ` +
        'nemoclaw cluster inference update --provider <name>',
    )
  }
  const unset = unsetDefaultRoute(document, catalogue)
  if (unset) return { record: unset.record, choice: { model: unset.model, source: 'unset_default' } }
  throw new ProxyError(
    'ERR_NOT_CONFIGURED',
    'No route is set for inference.local. Set one: nemoclaw cluster inference set --provider <name> --model <id>',
  )
}
