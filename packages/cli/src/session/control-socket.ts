import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import type { DenialGroup } from './denial-record.js'
import type { SessionRecord } from './session-file.js'
import type { SessionStatus } from './session-status.js'

/** sockaddr_un takes 108 bytes on Linux and 104 elsewhere, with the NUL. */
const MAX_SOCKET_PATH_BYTES = 103
const ANSWER_TIMEOUT_MS = 10_000
/** Of an answer that is read. */
export const MAX_ANSWER_BYTES = 1024 * 1024

/** What a session tells its owner, by path. */
export interface ControlAnswers {
  readonly '/status': () => Promise<SessionStatus>
  readonly '/denials': () => Promise<readonly DenialGroup[]>
}

const ANSWERED = ['/status', '/denials'] as const

type ControlAnswer<Path extends keyof ControlAnswers> = Awaited<ReturnType<ControlAnswers[Path]>>

export interface ControlSocket extends AsyncDisposable {
  readonly path: string
}

/**
 * Answers the owner's questions on a Unix socket in a folder that only the owner can enter.
 *
 * @param id - Names the socket in `directory`.
 * @param answers - Compute what a GET of each is answered with.
 */
export async function openControlSocket(
  directory: StateDirectory,
  id: string,
  answers: ControlAnswers,
): Promise<ControlSocket> {
  const { path, folder } = socketPath(directory, id)
  const server = createServer(({ method, url }, response) => {
    const compute = method === 'GET' ? ANSWERED.find((path) => path === url) : undefined
    if (compute === undefined) return answer(response, 404, { error: 'not_found' })
    answers[compute]().then(
      (found) => answer(response, 200, found),
      () => answer(response, 500, { error: 'internal_error' }),
    )
  })
  server.listen(path)
  await once(server, 'listening')
  server.unref()
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @throws {UserError} `ERR_PROXY_NOT_ANSWERING`, `ERR_PROXY_ANSWER_TOO_LARGE`. */
export async function askControlSocket<Path extends keyof ControlAnswers = '/status'>(
  { controlSocket, pid }: SessionRecord,
  path: Path = '/status' as Path,
): Promise<ControlAnswer<Path>> {
  try {
    return (await ask({ controlSocket, pid }, path)) as ControlAnswer<Path>
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('ERR_PROXY_NOT_ANSWERING', `the proxy with pid ${pid} does not answer`, {
      suggestions: [`See what it does: ps -fp ${pid}`, `Or end it, and start another one: kill -9 ${pid}`],
      cause,
    })
  }
}

async function ask(
  { controlSocket: socketPath, pid }: Pick<SessionRecord, 'controlSocket' | 'pid'>,
  path: string,
): Promise<unknown> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  // No agent: Node's own would go through HTTPS_PROXY where NODE_USE_ENV_PROXY is set, which `nemoclaw env` does.
  const asking = request({ path, createConnection: () => connect(socketPath), signal }).end()
  const [response] = await once(asking, 'response')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw answerTooLarge(pid, path)
    chunks.push(chunk)
  }
  if (response.statusCode !== 200) throw new Error(`the answer has status ${response.statusCode}`)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

/** The proxy is well, and nothing to be ended. */
function answerTooLarge(pid: number, path: string): UserError {
  const most = `${MAX_ANSWER_BYTES / 1024} KiB`
  return new UserError(
    'ERR_PROXY_ANSWER_TOO_LARGE',
    `the proxy with pid ${pid} runs and answers, but with more than the ${most} that are read of its ${path.slice(1)}`,
    { suggestions: ['The proxy goes on working; what it was asked for is in its log, too.'] },
  )
}

function answer(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(content))
}

/** In our own folder, or, where its path is too long for the kernel, in a new one below the first that is short. */
function socketPath(directory: StateDirectory, id: string): { readonly path: string; readonly folder?: string } {
  const name = `${id}.sock`
  const path = join(directory.path, name)
  if (fits(path)) return { path }
  const parent = [tmpdir(), '/tmp'].find((candidate) => fits(join(candidate, 'nemoclaw-XXXXXX', name))) ?? tmpdir()
  const folder = mkdtempSync(join(parent, 'nemoclaw-'))
  return { path: join(folder, name), folder }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES
}
