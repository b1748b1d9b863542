import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ProxyEventListener, type RouteSource, startProxy } from '@nemoclaw/proxy-core'
import { ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { CaStore } from '../ca/ca-store.js'
import { SYSTEM_BUNDLES, systemRoots } from '../ca/system-roots.js'
import { ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import { openControlSocket } from './control-socket.js'
import type { ListenAddress } from './listen-address.js'
import type { RouteState } from './live-routes.js'
import { portTaken } from './port-taken.js'
import { removeSession, type SessionRecord, writeSession } from './session-file.js'
import type { SessionStatus } from './session-status.js'

/** A source of routes that says what it last made of its configuration. */
export interface SessionRoutes extends RouteSource {
  readonly state: RouteState
  close(): void
}

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
  readonly onEvent: ProxyEventListener
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
  const { authority } = await new CaStore(caDirectory).open()
  const token = randomBytes(32).toString('base64url')
  const proxy = await startProxy({
    listen,
    certificates: await ServerCertificates.issuedBy(authority),
    routes,
    access: { tokens: [token, ...options.clientTokens], trustOwnUser: true },
    onEvent,
    upstreamRoots: [...systemRoots(SYSTEM_BUNDLES), ...options.upstreamCaFiles.map(readCertificates)],
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

function readCertificates(path: string): string {
  try {
    const text = readFileSync(path, 'latin1')
    if (text.includes('-----BEGIN CERTIFICATE-----')) {
      return text
    }
  } catch (cause) {
    throw new UserError('ERR_UPSTREAM_CA', `--upstream-ca ${path} cannot be read`, {
      suggestions: [`Check it: ls -l ${path}`],
      cause,
    })
  }
  throw new UserError('ERR_UPSTREAM_CA', `--upstream-ca ${path} holds no PEM certificate`, {
    suggestions: [`Convert it: openssl x509 -inform der -in ${path} -out ca.pem`],
  })
}

function listenFailed({ host, port }: ListenAddress, cause: NodeJS.ErrnoException): unknown {
  return cause.code === undefined
    ? cause
    : new UserError('ERR_LISTEN_FAILED', `cannot listen on ${host} port ${port} (${cause.code})`, {
        suggestions: ['Choose another address: --listen 127.0.0.1:0'],
        cause,
      })
}
