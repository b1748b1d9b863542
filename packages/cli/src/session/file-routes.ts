import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { Credential, DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute, type RouteSource } from '@nemoclaw/proxy-core'
import { watchFile } from '../config/watch-file.js'
import type { Fingerprint } from '../credential/fingerprint.js'
import type { ReferenceResolver } from '../credential/reference-resolver.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { requireProfile } from '../provider/require-profile.js'
import { UserError } from '../user-error.js'
import type { RouteState } from './live-routes.js'
import { type FileRoute, parseRoutesFile } from './parse-routes-file.js'
import { routeFailure } from './route-failure.js'
import { routeRevision } from './route-revision.js'

const MAX_FILE_BYTES = 1024 * 1024

export interface FileRoutesOptions {
  /** Absolute path of the routes file. */
  readonly path: string
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly references: ReferenceResolver
  readonly fingerprint: Fingerprint
  /** Hears of each change, and of each that could not be used. */
  readonly onChange: (problem: Error | undefined) => void
}

/** Routes from a file, in place of the stored configuration: watched, never written, the last good one kept. */
export class FileRoutes implements RouteSource {
  readonly #options: FileRoutesOptions
  readonly #stopWatching: () => void
  #route: FileRoute
  #version = 1
  #state: RouteState = { configVersion: 1 }

  /** @throws {UserError} `ERR_ROUTES_FILE_UNSAFE`, `ERR_ROUTES_FILE_INVALID`. */
  static open(options: FileRoutesOptions): FileRoutes {
    return new FileRoutes(options, readRoutesFile(options.path))
  }

  private constructor(options: FileRoutesOptions, route: FileRoute) {
    this.#options = options
    this.#route = route
    this.#stopWatching = watchFile(options.path, () => this.#reload())
  }

  get state(): RouteState {
    return this.#state
  }

  async resolve(): Promise<ResolvedRoute> {
    const { endpoint, model, providerType, protocols, credential } = this.#route
    const { profiles, references, fingerprint } = this.#options
    try {
      const profile = requireProfile(await profiles(), providerType)
      const secret = credential === undefined ? undefined : await references.resolve(credential)
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
      this.#state = {
        configVersion: this.#version,
        route: {
          provider: providerType,
          model,
          source: route.source,
          revision: routeRevision(route),
          resolvedAt: new Date().toISOString(),
        },
      }
      return route
    } catch (error) {
      const failure = routeFailure(error, providerType)
      this.#state = { configVersion: this.#version, problem: failure.message }
      throw failure
    }
  }

  close(): void {
    this.#stopWatching()
  }

  #reload(): void {
    try {
      const route = readRoutesFile(this.#options.path)
      if (JSON.stringify(route) === JSON.stringify(this.#route)) return
      this.#route = route
      this.#version++
      this.#state = { configVersion: this.#version }
      this.#options.onChange(undefined)
    } catch (error) {
      this.#state = { ...this.#state, problem: (error as Error).message }
      this.#options.onChange(error as Error)
    }
  }
}

/** The file decides where keys go: only its owner may have written it. */
function readRoutesFile(path: string): FileRoute {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw unsafe(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`, `Check it: ls -l ${path}`)
  }
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) {
      throw unsafe(path, 'is no plain file of at most 1 MiB', `Check it: ls -l ${path}`)
    }
    if (process.geteuid !== undefined && stats.uid !== process.geteuid()) {
      throw unsafe(
        path,
        `belongs to user ${stats.uid}, and you are user ${process.geteuid()}`,
        `Copy it, then use the copy`,
      )
    }
    if (process.geteuid !== undefined && (stats.mode & 0o022) !== 0) {
      throw unsafe(path, 'can be written by other users', `Close it: chmod go-w ${path}`)
    }
    return parseRoutesFile(readFileSync(fd, 'utf8'), path)
  } finally {
    closeSync(fd)
  }
}

function unsafe(path: string, why: string, suggestion: string): UserError {
  return new UserError('ERR_ROUTES_FILE_UNSAFE', `the routes file ${path} ${why}`, { suggestions: [suggestion] })
}
