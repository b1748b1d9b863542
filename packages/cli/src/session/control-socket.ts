import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import type { SessionRecord } from './session-file.js'
import type { SessionStatus } from './session-status.js'

/** sockaddr_un takes 108 bytes on Linux and 104 elsewhere, with the NUL. */
const MAX_SOCKET_PATH_BYTES = 103
const ANSWER_TIMEOUT_MS = 3_000
const MAX_ANSWER_BYTES = 1024 * 1024

export interface ControlSocket extends AsyncDisposable {
  readonly path: string
}

/**
 * Answers the owner's questions on a Unix socket in a folder that only the owner can enter.
 *
 * @param status - Computes the answer to `GET /status`.
 */
export async function openControlSocket(
  directory: StateDirectory,
  status: () => SessionStatus,
): Promise<ControlSocket> {
  const path = socketPath(directory)
  rmSync(path, { force: true })
  const server = createServer((incoming, response) => {
    const isStatus = incoming.method === 'GET' && incoming.url === '/status'
    response.writeHead(isStatus ? 200 : 404, { 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify(isStatus ? status() : { error: 'not_found' }))
  })
  server.listen(path)
  await once(server, 'listening')
  server.unref()
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (dirname(path) !== directory.path) {
        rmSync(dirname(path), { recursive: true, force: true })
      }
    },
  }
}

/** @throws {UserError} `ERR_PROXY_NOT_ANSWERING`. */
export async function askControlSocket({ controlSocket, pid }: SessionRecord): Promise<SessionStatus> {
  const notAnswering = (cause: unknown) =>
    new UserError('ERR_PROXY_NOT_ANSWERING', `the proxy with pid ${pid} does not answer`, {
      suggestions: [`Look whether it is alive: ps -p ${pid}`],
      cause,
    })
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: controlSocket, path: '/status', timeout: ANSWER_TIMEOUT_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > MAX_ANSWER_BYTES) asking.destroy(new Error('answer too large'))
      })
      response.on('end', () => {
        try {
          resolve(JSON.parse(text) as SessionStatus)
        } catch (error) {
          reject(notAnswering(error))
        }
      })
    })
    asking.on('timeout', () => asking.destroy(new Error('timeout')))
    asking.on('error', (error) => reject(notAnswering(error)))
    asking.end()
  })
}

function socketPath(directory: StateDirectory): string {
  const path = join(directory.path, `${process.pid}.sock`)
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES
    ? path
    : join(mkdtempSync(join(tmpdir(), 'nemoclaw-')), 'control.sock')
}
