import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type RunningProxy, startProxy } from '@nemoclaw/proxy-core'
import { ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { CaStore } from '../ca/ca-store.js'
import { ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import { openControlSocket } from './control-socket.js'
import type { LogEvent } from './event-line.js'
import { findSessions } from './find-sessions.js'
import type { ListenAddress } from './listen-address.js'
import { portTaken } from './port-taken.js'
import { newSessionId, removeSession, type SessionRecord, writeSession } from './session-file.js'
import type { SessionRoutes } from './session-routes.js'
import type { SessionStatus } from './session-status.js'

export interface SessionOptions {
  readonly listen: ListenAddress
  readonly routes: SessionRoutes
  /** What clients on other machines prove themselves with. */
  readonly clientTokens: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** PEM certificates trusted for upstreams besides those that Node bundles. */
  readonly upstreamRoots: readonly string[]
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
  const proxy = await listen(options, certificates, token)
  const announced = await announce(proxy, token, options).catch(async (error: unknown) => {
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
    },
  }
}

async function listen(options: SessionOptions, certificates: ServerCertificates, token: string): Promise<RunningProxy> {
  try {
    return await startProxy({
      listen: options.listen,
      certificates,
      routes: options.routes,
      access: { tokens: [token, ...options.clientTokens], trustOwnUser: true },
      onEvent: options.onEvent,
      upstreamRoots: options.upstreamRoots,
      allowedOrigins: options.allowedOrigins,
    })
  } catch (error) {
    throw await listenFailure(options, error as NodeJS.ErrnoException)
  }
}

/** Opens the control socket and writes the record that names it. */
async function announce(proxy: RunningProxy, token: string, { routes, sessionDirectory }: SessionOptions) {
  const id = newSessionId()
  const startedAt = new Date().toISOString()
  const about = { pid: process.pid, url: proxy.url, startedAt }
  const control = await openControlSocket(sessionDirectory, id, async (): Promise<SessionStatus> => {
    // What is shown is then what the next exchange gets, and not that nobody has asked yet.
    await Promise.race([routes.warm(), setTimeout(STATUS_PATIENCE_MS, undefined, { ref: false })])
    return { ...about, exchangesUnderWay: proxy.exchangeCount, ...routes.state }
  })
  const record: SessionRecord = { id, ...about, token, controlSocket: control.path }
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
  if (cause.code === 'EADDRINUSE') return portTaken(address, (await findSessions(sessionDirectory)).running, cause)
  const { host, port } = address
  const why = LISTEN_REASONS[cause.code] ?? cause.code
  return new UserError('ERR_LISTEN_FAILED', `cannot listen on ${host} port ${port}: ${why}`, {
    suggestions: ['Choose another address: --listen 127.0.0.1:0'],
    cause,
  })
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine does not have that address',
}
