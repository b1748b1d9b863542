import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../session/run-command.js'

/** Serves `/project.git`, as `git http-backend` does it behind any web server. */
export interface GitSite extends Disposable {
  readonly listener: RequestListener
}

/** @param files - Content by name, in the one commit there is. */
export async function gitSite(files: Readonly<Record<string, string>>): Promise<GitSite> {
  const root = mkdtempSync(join(tmpdir(), 'nemoclaw-git-'))
  const work = join(root, 'work')
  mkdirSync(work)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(work, name), content)
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
  await git(root, ['-C', work, 'init', '--quiet', '--initial-branch=main'])
  await git(root, ['-C', work, 'add', '.'])
  await git(root, ['-C', work, ...author, 'commit', '--quiet', '--message', 'All of it'])
  await git(root, ['clone', '--quiet', '--bare', work, join(root, 'project.git')])
  return {
    listener: (request, response) => answerByBackend(root, request, response),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

async function git(home: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand('git', args, environment(home))
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
}

/** Nothing of this machine's own configuration. */
function environment(home: string): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
}

/** CGI, RFC 3875, as far as git needs it. */
function answerByBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'https://git.example.com')
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...environment(root),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  backend.stdin.on('error', () => {}) // It may end without having read.
  request.pipe(backend.stdin)
  const output: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  backend.once('close', () => {
    const all = Buffer.concat(output)
    const headEnd = all.indexOf('\r\n\r\n')
    const head = all.subarray(0, headEnd).toString('latin1')
    for (const line of head.split('\r\n')) {
      const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? []
      if (name === 'Status') response.statusCode = Number.parseInt(value!, 10)
      else if (name !== undefined) response.setHeader(name, value!)
    }
    response.end(all.subarray(headEnd + 4))
  })
}
