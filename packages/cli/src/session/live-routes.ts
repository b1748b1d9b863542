import type { RouteSource } from '@nemoclaw/proxy-core'
import { ProxyError, type ResolvedRoute } from '@nemoclaw/proxy-core'
import type { ConfigEvent, ConfigStore } from '../cluster/config-store.js'
import { unsetDefaultRoute } from '../cluster/unset-default-route.js'
import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { requireProfile } from '../provider/require-profile.js'
import { type CredentialReading, type RouteChoice, resolveProviderRoute } from '../provider/resolve-provider-route.js'
import { routeFailure } from './route-failure.js'
import { routeRevision } from './route-revision.js'

/** Milliseconds for which a credential that others keep is used without asking again. */
const REFERENCE_TTL_MS = 5_000

/** What the routes were last resolved to, for `proxy status`. */
export interface RouteState {
  readonly configVersion: number
  readonly route?: {
    readonly provider: string
    readonly model: string
    readonly source: ResolvedRoute['source']
    readonly revision: string
    /** ISO 8601, UTC. */
    readonly resolvedAt: string
  }
  /** Why the newest configuration or its route cannot be used. The last good configuration stays in force. */
  readonly problem?: string
}

export interface LiveRoutesOptions {
  readonly store: ConfigStore
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly credentials: CredentialReading
  /** Hears of each change and of each one that could not be used. */
  readonly onChange: (event: ConfigEvent) => void
  /** Milliseconds from any fixed moment. */
  readonly now?: () => number
}

interface Resolution {
  readonly route: ResolvedRoute
  readonly validUntil: number
}

/**
 * The stored intent as a source of routes: resolved when first asked for and kept until the configuration changes.
 * A route given out is never changed; the next exchange gets another one.
 */
export class LiveRoutes implements RouteSource {
  readonly #options: LiveRoutesOptions
  readonly #now: () => number
  readonly #stopWatching: () => void
  #document: ConfigDocument
  #resolution: Resolution | undefined
  #resolving: Promise<ResolvedRoute> | undefined
  #state: RouteState

  static async open(options: LiveRoutesOptions): Promise<LiveRoutes> {
    return new LiveRoutes(options, await options.store.read())
  }

  private constructor(options: LiveRoutesOptions, document: ConfigDocument) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#document = document
    this.#state = { configVersion: document.version }
    this.#stopWatching = options.store.watch((event) => this.#hear(event))
  }

  get state(): RouteState {
    return this.#state
  }

  resolve(): ResolvedRoute | Promise<ResolvedRoute> {
    if (this.#resolution && this.#now() < this.#resolution.validUntil) {
      return this.#resolution.route
    }
    // One at a time: a locked keychain or a slow program is asked once for all who wait.
    this.#resolving ??= this.#resolveNow(this.#document).finally(() => {
      this.#resolving = undefined
    })
    return this.#resolving
  }

  close(): void {
    this.#stopWatching()
  }

  #hear(event: ConfigEvent): void {
    if (event.kind === 'changed') {
      this.#document = event.document
      this.#resolution = undefined
      this.#resolving = undefined
      this.#state = { configVersion: event.document.version }
    } else {
      this.#state = { ...this.#state, problem: event.error.message }
    }
    this.#options.onChange(event)
  }

  async #resolveNow(document: ConfigDocument): Promise<ResolvedRoute> {
    try {
      const catalogue = await this.#options.profiles()
      const { record, choice } = chosenProvider(document, catalogue)
      try {
        const profile = requireProfile(catalogue, record.type)
        const route = await resolveProviderRoute(record, profile, choice, this.#options.credentials)
        this.#accept(document, record, route)
        return route
      } catch (error) {
        throw routeFailure(error, record.name)
      }
    } catch (error) {
      if (document === this.#document && error instanceof Error) {
        this.#state = { configVersion: document.version, problem: error.message }
      }
      throw error
    }
  }

  /** Keeps what was resolved, unless the configuration has moved on meanwhile. */
  #accept(document: ConfigDocument, record: ProviderRecord, route: ResolvedRoute): void {
    if (document !== this.#document) {
      return
    }
    const isReferenced = Object.values(record.credentials).some(({ kept }) => kept === 'reference')
    this.#resolution = { route, validUntil: isReferenced ? this.#now() + REFERENCE_TTL_MS : Number.POSITIVE_INFINITY }
    this.#state = {
      configVersion: document.version,
      route: {
        provider: route.providerName,
        model: route.model,
        source: route.source,
        revision: routeRevision(route),
        resolvedAt: new Date().toISOString(),
      },
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
    if (!record) {
      throw new ProxyError(
        'ERR_PROVIDER_MISSING',
        `The route leads to provider "${inference.provider}", which was deleted. Choose another: ` +
          'nemoclaw cluster inference update --provider <name>',
      )
    }
    return { record, choice: { ...inference, source: 'configured' } }
  }
  const unset = unsetDefaultRoute(document, catalogue)
  if (!unset) {
    throw new ProxyError(
      'ERR_NOT_CONFIGURED',
      'No route is set for inference.local. Set one: nemoclaw cluster inference set --provider <name> --model <id>',
    )
  }
  return { record: unset.record, choice: { model: unset.model, source: 'unset_default' } }
}
