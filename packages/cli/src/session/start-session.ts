import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type ProxyEvent, type RunningProxy, startProxy } from '@nemoclaw/proxy-core'
import type { UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'
import { ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { CaStore } from '../ca/ca-store.js'
import { ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import type { ClientToken } from './client-token.js'
import { openControlSocket } from './control-socket.js'
import { DenialRecord } from './denial-record.js'
import type { LogEvent } from './event-line.js'
import { findSessions } from './find-sessions.js'
import { LearnedDestinations } from './learned-destinations.js'
import type { ListenAddresses } from './listen-address.js'
import type { LivePolicy } from './live-policy.js'
import { portTaken } from './port-taken.js'
import { newSessionId, removeSession, type SessionRecord, writeSession } from './session-file.js'
import type { SessionRoutes } from './session-routes.js'
import type { SessionStatus } from './session-status.js'
import { tellAll } from './tell-all.js'

export interface SessionOptions {
  readonly listen: ListenAddresses
  readonly routes: SessionRoutes
  readonly policy: LivePolicy
  /** What clients on other machines prove themselves with. */
  readonly clientTokens: readonly ClientToken[]
  readonly allowedOrigins: readonly string[]
  /** PEM certificates trusted for upstreams besides those that Node bundles. */
  readonly upstreamRoots: readonly string[]
  /** The operator's own proxy, through which everything outside is reached. */
  readonly upstreamProxy: UpstreamProxy | undefined
  readonly caDirectory: StateDirectory
  /** Where running proxies leave their records. */
  readonly sessionDirectory: StateDirectory
  readonly onEvent: (event: LogEvent) => void
}

/** One running proxy and the record that leads to it. */
export interface Session {
  readonly record: SessionRecord
  readonly exchangeCount: number
  /** @param limitMs - Milliseconds for exchanges under way; 0 cuts them, also during an earlier call. */
  close(limitMs: number): Promise<void>
}

/** Milliseconds that a status waits for a route that is being resolved: a keychain may ask a person. */
const STATUS_PATIENCE_MS = 2_000

/**
 * Puts a proxy together and starts it: CA, listener, control socket, record. Nothing is left open where it fails.
 *
 * @throws {UserError} `ERR_PORT_TAKEN`, `ERR_LISTEN_FAILED`, `ERR_SESSION_UNWRITABLE`; those of `CaStore.open`.
 */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { routes, caDirectory, sessionDirectory, onEvent } = options
  ensureStateDirectory(sessionDirectory)
  const ca = new CaStore(caDirectory)
  const { authority, origin } = await ca.open()
  if (origin !== 'loaded') onEvent({ kind: 'lifecycle', action: `ca_${origin}`, root: ca.rootPath })
  const certificates = await ServerCertificates.issuedBy(authority)
  const token = randomBytes(32).toString('base64url')
  const denials = new DenialRecord(() => new Date())
  const learned = new LearnedDestinations(sessionDirectory, onEvent)
  const listeners = [onEvent, (event: ProxyEvent) => denials.hear(event), (event: ProxyEvent) => learned.hear(event)]
  const hear = (event: ProxyEvent) => tellAll(listeners, event)
  const proxy = await listen(options, hear, certificates, token)
  const announced = await announce(proxy, token, denials, options).catch(async (error: unknown) => {
    await proxy.close(0)
    throw error
  })
  return {
    record: announced.record,
    get exchangeCount() {
      return proxy.exchangeCount
    },
    async close(limitMs) {
      // First: nobody should be led to a proxy that is about to end.
      removeSession(sessionDirectory, announced.record)
      await proxy.close(limitMs)
      await announced[Symbol.asyncDispose]()
      routes.close()
      options.policy.close()
    },
  }
}

async function listen(
  options: SessionOptions,
  onEvent: (event: ProxyEvent) => void,
  certificates: ServerCertificates,
  token: string,
): Promise<RunningProxy> {
  const { listen: addresses, clientTokens, upstreamProxy } = options
  const tokens = clientTokens.map(({ name: client, token: own }) => ({ client, token: own }))
  try {
    return await startProxy({
      listen: addresses.main,
      clientListeners: addresses.clients,
      certificates,
      routes: options.routes,
      policy: options.policy,
      ...(upstreamProxy && { upstreamProxy }),
      access: { tokens: [{ token }, ...tokens], trustOwnUser: true },
      onEvent,
      upstreamRoots: options.upstreamRoots,
      allowedOrigins: options.allowedOrigins,
    })
  } catch (error) {
    throw await listenFailure(options, error as NodeJS.ErrnoException)
  }
}

/** Opens the control socket and writes the record that names it. */
async function announce(
  proxy: RunningProxy,
  token: string,
  denials: DenialRecord,
  { routes, policy, upstreamProxy, sessionDirectory }: SessionOptions,
) {
  const id = newSessionId()
  const startedAt = new Date().toISOString()
  const about = { pid: process.pid, url: proxy.url, startedAt }
  const status = async (): Promise<SessionStatus> => {
    // What is shown is then what the next exchange gets, and not that nobody has asked yet.
    await Promise.race([routes.warm(), setTimeout(STATUS_PATIENCE_MS, undefined, { ref: false })])
    const { problem } = policy.state
    return {
      ...about,
      clientUrls: Object.fromEntries(proxy.clientUrls),
      exchangesUnderWay: proxy.exchangeCount,
      tunnelsOpen: proxy.tunnelCount,
      policy: policy.state,
      ...(upstreamProxy && { upstreamProxy: upstreamProxy.origin }),
      ...routes.state,
      problems: [
        ...routes.state.problems,
        ...(problem === undefined ? [] : [`${problem}; the last good policy stays.`]),
      ],
    }
  }
  const answers = { '/status': status, '/denials': async () => denials.groups }
  const control = await openControlSocket(sessionDirectory, id, answers)
  const { learningUntil } = policy.state
  const record: SessionRecord = {
    id,
    ...about,
    token,
    controlSocket: control.path,
    ...(learningUntil !== undefined && { learningUntil }),
  }
  try {
    writeSession(sessionDirectory, record)
  } catch (error) {
    await control[Symbol.asyncDispose]()
    throw error
  }
  return { record, [Symbol.asyncDispose]: () => control[Symbol.asyncDispose]() }
}

async function listenFailure(
  { listen: address, sessionDirectory }: SessionOptions,
  cause: NodeJS.ErrnoException,
): Promise<unknown> {
  if (cause.code === undefined || cause.syscall !== 'listen') return cause
  // Node says which one it was.
  const { address: host = address.main.host, port = address.main.port } = cause as NodeJS.ErrnoException & ListenFailure
  if (cause.code === 'EADDRINUSE')
    return portTaken({ host, port }, (await findSessions(sessionDirectory)).running, cause)
  const why = LISTEN_REASONS[cause.code] ?? cause.code
  return new UserError('ERR_LISTEN_FAILED', `cannot listen on ${host} port ${port}: ${why}`, {
    suggestions: ['Choose another address: --listen 127.0.0.1:0'],
    cause,
  })
}

interface ListenFailure {
  readonly address?: string
  readonly port?: number
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine does not have that address',
}
