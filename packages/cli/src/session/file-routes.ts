import { Credential, DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute } from '@nemoclaw/proxy-core'
import { watchFile } from '../config/watch-file.js'
import type { Fingerprint } from '../credential/fingerprint.js'
import type { ReferenceResolver } from '../credential/reference-resolver.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { requireProfile } from '../provider/require-profile.js'
import type { FileRoute } from './parse-routes-file.js'
import { readRoutesFile } from './read-routes-file.js'
import { routeFailure } from './route-failure.js'
import { REFERENCE_TTL_MS, type Resolution, RouteKeeper } from './route-keeper.js'
import { routeNewsEvent } from './route-news-event.js'
import type { ConfigurationEvent, RoutesState, SessionRoutes } from './session-routes.js'

export interface FileRoutesOptions {
  /** Absolute path of the routes file. */
  readonly path: string
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly references: ReferenceResolver
  readonly fingerprint: Fingerprint
  readonly onEvent: (event: ConfigurationEvent) => void
}

/** Routes from a file, in place of the stored configuration: watched, never written, the last good one kept. */
export class FileRoutes implements SessionRoutes {
  readonly #options: FileRoutesOptions
  readonly #keeper: RouteKeeper
  readonly #stopWatching: () => void
  #route: FileRoute
  #brokenBecause: string | undefined

  /** @throws {UserError} `ERR_ROUTES_FILE_UNSAFE`, `ERR_ROUTES_FILE_INVALID`. */
  static open(options: FileRoutesOptions): FileRoutes {
    return new FileRoutes(options, readRoutesFile(options.path))
  }

  private constructor(options: FileRoutesOptions, route: FileRoute) {
    this.#options = options
    this.#route = route
    this.#keeper = new RouteKeeper({
      resolve: () => this.#resolveNow(this.#route),
      fingerprint: options.fingerprint,
      onNews: (news) => options.onEvent(routeNewsEvent(news)),
    })
    this.#stopWatching = watchFile(options.path, () => this.#reload())
  }

  get state(): RoutesState {
    const { route, problem } = this.#keeper.state
    return {
      configuration: 'routes_file',
      routesFile: this.#options.path,
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

  async #resolveNow(file: FileRoute): Promise<Resolution> {
    const { profiles, references, fingerprint } = this.#options
    const { endpoint, model, providerType, protocols, credential: reference } = file
    try {
      const profile = requireProfile(await profiles(), providerType)
      const secret = reference === undefined ? undefined : await references.resolve(reference)
      const route: ResolvedRoute = {
        source: 'routes_file',
        providerName: providerType,
        providerType,
        baseUrl: endpoint,
        protocols: protocols ?? profile.protocols,
        model,
        auth: secret === undefined ? { kind: 'none' } : profile.auth,
        ...(secret !== undefined && { credential: new Credential(secret, fingerprint(secret)) }),
        defaultHeaders: profile.defaultHeaders,
        passthroughHeaders: profile.passthroughHeaders,
        extraHeaders: [],
        timeouts: DEFAULT_ROUTE_TIMEOUTS,
        serverTools: 'allow',
      }
      return { route, validForMs: reference === undefined ? Number.POSITIVE_INFINITY : REFERENCE_TTL_MS }
    } catch (error) {
      throw routeFailure(error, providerType)
    }
  }

  #reload(): void {
    const { path, onEvent } = this.#options
    try {
      const route = readRoutesFile(path)
      const isSame = JSON.stringify(route) === JSON.stringify(this.#route)
      if (isSame && this.#brokenBecause === undefined) return
      this.#brokenBecause = undefined
      this.#route = route
      onEvent({ kind: 'config', action: 'applied', detail: path })
      this.#keeper.renew()
      void this.#keeper.warm()
    } catch (error) {
      // Whatever it is: a file that cannot be used is no reason to end.
      const { message } = error as Error
      if (message === this.#brokenBecause) return
      this.#brokenBecause = message
      onEvent({ kind: 'config', action: 'kept_last_good', detail: message })
    }
  }
}
