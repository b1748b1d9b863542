import type { StateFolders } from '../base-command.js'
import type { ConfigStore } from '../cluster/config-store.js'
import type { StateDirectory } from '../config/state-directory.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import { policyFileOf } from '../policy/policy-file.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { upstreamRoots } from '../provider/upstream-roots.js'
import { UserError } from '../user-error.js'
import { readClientToken } from './client-token.js'
import { endProcess } from './end-process.js'
import { readLearning } from './learn-flags.js'
import { type ListenAddress, parseListenAddresses, requireConsentForRemote } from './listen-address.js'
import { LivePolicy } from './live-policy.js'
import { lineOutput } from './log-output.js'
import { openRoutes } from './open-routes.js'
import { runUntilSignal } from './run-until-signal.js'
import { caDirectoryOf, sessionDirectoryOf } from './session-directories.js'
import { sessionLog } from './session-log.js'
import { startSession } from './start-session.js'
import type { UpstreamProxyArguments } from './upstream-proxy.js'

/** What `proxy run` was told, by its flags' names, and where this machine's state is. */
export interface RunProxyOptions extends UpstreamProxyArguments {
  readonly listen: readonly string[]
  readonly 'allow-remote': boolean
  readonly 'client-token': readonly string[]
  readonly 'inference-routes'?: string | undefined
  readonly policy?: string | undefined
  readonly learn: boolean
  readonly for?: string | undefined
  readonly 'upstream-ca': readonly string[]
  readonly 'allow-origin': readonly string[]
  /** Seconds. */
  readonly 'drain-timeout': number
  readonly 'log-format': 'text' | 'json'
  readonly folders: StateFolders
  /** Where the configuration is, and the policy with it. */
  readonly directory: StateDirectory
  readonly environment: (name: string) => string | undefined
  readonly store: ConfigStore
  readonly access: CredentialAccess
  readonly profiles: () => Promise<ProfileCatalogue>
  /** Whose standard output is the log, and which ends with the proxy. */
  readonly process: Pick<NodeJS.Process, 'stdout' | 'exit'>
}

/**
 * Runs a proxy until a signal ends it, and the process with it.
 *
 * @throws {UserError} `ERR_TLS_VERIFICATION_OFF`; `ERR_LISTEN_INVALID`, `ERR_LISTEN_REMOTE` (2); those of `openRoutes`,
 *   `readClientToken`, `startSession` and `upstreamRoots`.
 */
export async function runProxy(options: RunProxyOptions): Promise<never> {
  refuseUnverifiedTls(options.environment)
  const listen = parseListenAddresses(options.listen)
  const learningUntil = readLearning(options, new Date())
  const clientTokens = options['client-token']
  requireConsentForRemote(listen.main, { allowRemote: options['allow-remote'], clientTokens: clientTokens.length })
  const clients = await Promise.all(clientTokens.map(readClientToken))
  const upstreamProxy = await openUpstreamProxy(options, [listen.main, ...listen.clients])
  const log = sessionLog(lineOutput(options.process.stdout), options['log-format'])
  const routes = await openRoutes({ ...options, routesFile: options['inference-routes'], onEvent: log.tell })
  const policy = await LivePolicy.open({
    file: policyFileOf(options.directory, options.policy),
    learningUntil,
    onEvent: log.tell,
  })
  log.tell({ kind: 'config', action: 'applied', detail: policy.summary() })
  const start = async () => {
    const session = await startSession({
      listen,
      routes,
      policy,
      clientTokens: clients,
      allowedOrigins: options['allow-origin'],
      upstreamRoots: upstreamRoots(options['upstream-ca']),
      upstreamProxy,
      caDirectory: caDirectoryOf(options.folders.data),
      sessionDirectory: sessionDirectoryOf(options.folders.data),
      onEvent: log.tell,
    })
    log.tell({ kind: 'lifecycle', action: 'listening', url: session.record.url })
    log.hint('In another shell:  eval "$(nemoclaw env)"  leads its programs to https://inference.local/v1')
    if (learningUntil) {
      log.hint(
        `LEARNING until ${learningUntil.toISOString()}: what no policy allows passes. Then: nemoclaw policy suggest`,
      )
    }
    void routes.warm()
    return session
  }
  await runUntilSignal(start, {
    drainLimitMs: options['drain-timeout'] * 1000,
    onDrain: (exchangesUnderWay) => log.tell({ kind: 'lifecycle', action: 'draining', exchangesUnderWay }),
  })
  log.tell({ kind: 'lifecycle', action: 'stopped' })
  return endProcess(options.process)
}

/** What it takes is imported where there is one: every start would wait for it. */
async function openUpstreamProxy(options: RunProxyOptions, listens: readonly ListenAddress[]) {
  const isNamed = Object.keys(options).some((name) => name.startsWith('upstream-proxy'))
  if (!isNamed && options.environment('NEMOCLAW_UPSTREAM_PROXY') === undefined) return undefined
  const { readUpstreamProxy } = await import('./upstream-proxy.js')
  const { refuseProxyLoop } = await import('./refuse-proxy-loop.js')
  const proxy = await readUpstreamProxy(options, options.environment)
  if (proxy) refuseProxyLoop(proxy, listens)
  return proxy
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
