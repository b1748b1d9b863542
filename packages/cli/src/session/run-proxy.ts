import { resolve } from 'node:path'
import type { StateFolders } from '../base-command.js'
import type { ConfigStore } from '../cluster/config-store.js'
import type { StateDirectory } from '../config/state-directory.js'
import { credentialStores } from '../credential/credential-stores.js'
import { openFingerprint } from '../credential/fingerprint.js'
import { ReferenceResolver } from '../credential/reference-resolver.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { UserError } from '../user-error.js'
import { readClientToken } from './client-token.js'
import { jsonLine, type LogEvent, textLine } from './event-line.js'
import { FileRoutes } from './file-routes.js'
import { parseListenAddress, requireConsentForRemote } from './listen-address.js'
import { LiveRoutes } from './live-routes.js'
import { runUntilSignal } from './run-until-signal.js'
import { caDirectoryOf, sessionDirectoryOf } from './session-directories.js'
import type { SessionRoutes } from './session-routes.js'
import { startSession } from './start-session.js'

/** What `proxy run` was told, by its flags' names, and where this machine's state is. */
export interface RunProxyOptions {
  readonly listen: string
  readonly 'allow-remote': boolean
  readonly 'client-token': readonly string[]
  readonly 'inference-routes'?: string | undefined
  readonly 'upstream-ca': readonly string[]
  readonly 'allow-origin': readonly string[]
  /** Seconds. */
  readonly 'drain-timeout': number
  readonly json: boolean
  readonly folders: StateFolders
  readonly environment: (name: string) => string | undefined
  readonly store: ConfigStore
  readonly profiles: () => Promise<ProfileCatalogue>
  readonly print: (line: string) => void
}

/**
 * Runs a proxy until a signal ends it.
 *
 * @throws {UserError} `ERR_TLS_VERIFICATION_OFF`, and as `startSession`.
 */
export async function runProxy(options: RunProxyOptions): Promise<void> {
  refuseUnverifiedTls(options.environment)
  const listen = parseListenAddress(options.listen)
  requireConsentForRemote(listen, {
    allowRemote: options['allow-remote'],
    clientTokens: options['client-token'].length,
  })
  const clients = await Promise.all(options['client-token'].map(readClientToken))
  const log = (event: LogEvent) => {
    options.print(options.json ? jsonLine(event, new Date()) : textLine(event, new Date()))
  }
  const session = await startSession({
    listen,
    routes: await openRoutes(options, log),
    clientTokens: clients.map(({ token }) => token),
    allowedOrigins: options['allow-origin'],
    upstreamCaFiles: options['upstream-ca'],
    caDirectory: caDirectoryOf(options.folders.data),
    sessionDirectory: sessionDirectoryOf(options.folders.data),
    onEvent: log,
  })
  log({ kind: 'lifecycle', action: 'listening', detail: `on ${session.record.url}` })
  if (!options.json) {
    options.print('In another shell:  eval "$(nemoclaw env)"  leads its programs to https://inference.local/v1')
  }
  await runUntilSignal(session, {
    drainLimitMs: options['drain-timeout'] * 1000,
    onDrain: (exchanges) =>
      log({ kind: 'lifecycle', action: 'draining', detail: `${exchanges} exchanges; another signal ends at once` }),
  })
  log({ kind: 'lifecycle', action: 'stopped' })
}

async function openRoutes(options: RunProxyOptions, log: (event: LogEvent) => void): Promise<SessionRoutes> {
  const { folders, environment, profiles, store } = options
  const directory: StateDirectory = { path: folders.config, shownAs: folders.config }
  const fingerprint = await openFingerprint(directory)
  const references = new ReferenceResolver({ environment })
  const file = options['inference-routes']
  if (file !== undefined) {
    log({ kind: 'config', action: 'routes_file', detail: file })
    return FileRoutes.open({ path: resolve(file), profiles, references, fingerprint, onEvent: log })
  }
  const credentials = { stores: credentialStores({ directory, environment }), references, fingerprint }
  return LiveRoutes.open({ store, profiles, credentials, onEvent: log })
}

/** Node would then accept anybody as the provider, and hand over the credential. */
function refuseUnverifiedTls(environment: (name: string) => string | undefined): void {
  if (environment('NODE_TLS_REJECT_UNAUTHORIZED') === '0') {
    throw new UserError(
      'ERR_TLS_VERIFICATION_OFF',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the verification of providers; the proxy does not run like that',
      { suggestions: ['unset NODE_TLS_REJECT_UNAUTHORIZED, and name a private CA: --upstream-ca FILE'] },
    )
  }
}
