import { randomBytes } from 'node:crypto'
import { startProxy } from '@nemoclaw/proxy-core'
import { ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { CaStore } from '../ca/ca-store.js'
import { ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { upstreamRoots } from '../provider/upstream-roots.js'
import { UserError } from '../user-error.js'
import { openControlSocket } from './control-socket.js'
import type { LogEvent } from './event-line.js'
import type { ListenAddress } from './listen-address.js'
import { portTaken } from './port-taken.js'
import { removeSession, type SessionRecord, writeSession } from './session-file.js'
import type { SessionRoutes } from './session-routes.js'
import type { SessionStatus } from './session-status.js'

export interface SessionOptions {
  readonly listen: ListenAddress
  readonly routes: SessionRoutes
  /** What clients on other machines prove themselves with. */
  readonly clientTokens: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** PEM files trusted for upstreams besides the usual roots. */
  readonly upstreamCaFiles: readonly string[]
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

/**
 * Puts a proxy together and starts it: CA, routes, upstream roots, listener, control socket, record.
 *
 * @throws {UserError} `ERR_PORT_TAKEN`, `ERR_LISTEN_FAILED`, `ERR_UPSTREAM_CA`, `ERR_CA_*`.
 */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { listen, routes, caDirectory, sessionDirectory, onEvent } = options
  ensureStateDirectory(sessionDirectory)
  const ca = new CaStore(caDirectory)
  const { authority, origin } = await ca.open()
  if (origin !== 'loaded') {
    onEvent({ kind: 'lifecycle', action: `ca_${origin}`, detail: `${ca.rootPath}: clients must trust this root` })
  }
  const token = randomBytes(32).toString('base64url')
  const proxy = await startProxy({
    listen,
    certificates: await ServerCertificates.issuedBy(authority),
    routes,
    access: { tokens: [token, ...options.clientTokens], trustOwnUser: true },
    onEvent,
    upstreamRoots: upstreamRoots(options.upstreamCaFiles),
    allowedOrigins: options.allowedOrigins,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? portTaken(listen, error) : listenFailed(listen, error)
  })
  const startedAt = new Date().toISOString()
  const status = (): SessionStatus => ({
    pid: process.pid,
    url: proxy.url,
    startedAt,
    exchangesUnderWay: proxy.exchangeCount,
    ...routes.state,
  })
  const control = await openControlSocket(sessionDirectory, status).catch(async (error: unknown) => {
    await proxy.close(0) // A listener that is left open would keep a failed command running.
    throw error
  })
  const record = { pid: process.pid, url: proxy.url, token, controlSocket: control.path, startedAt }
  writeSession(sessionDirectory, record)
  // Not before it listens, and not at the first exchange's expense.
  void routes.warm()

  return {
    record,
    get exchangeCount() {
      return proxy.exchangeCount
    },
    async close(limitMs) {
      // First: nobody should be led to a proxy that is about to end.
      removeSession(sessionDirectory, { ...record, controlSocket: '' })
      await proxy.close(limitMs)
      await control[Symbol.asyncDispose]()
      removeSession(sessionDirectory, record)
      routes.close()
    },
  }
}

function listenFailed({ host, port }: ListenAddress, cause: NodeJS.ErrnoException): unknown {
  return cause.code === undefined
    ? cause
    : new UserError('ERR_LISTEN_FAILED', `cannot listen on ${host} port ${port} (${cause.code})`, {
        suggestions: ['Choose another address: --listen 127.0.0.1:0'],
        cause,
      })
}
