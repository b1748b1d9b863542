import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url))

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Options of Node itself, before the program. */
  readonly nodeArgs?: readonly string[]
}

/** The state of one user: nothing of this machine's own is read or written. */
export interface CliHome extends Disposable {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  run(args: readonly string[], options?: RunOptions): Promise<CliResult>
  /** Runs it, expects success, and reads what `--json` prints. */
  json(args: readonly string[], options?: RunOptions): Promise<unknown>
  /** Every file of the state, as one text to search. */
  allText(): string
}

let warmCache: string | undefined

/** What plugins contribute is read once for all tests of a file: a process of its own for each would double their time. */
function profileCache(): string {
  if (warmCache === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'nemoclaw-cli-cache-'))
    process.once('exit', () => rmSync(path, { recursive: true, force: true }))
    spawnSync(process.execPath, [CLI, 'provider', 'types'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: path, NEMOCLAW_HOME: path },
    })
    warmCache = join(path, 'cache')
  }
  return warmCache
}

/** An empty state, with credentials in a sealed file whose key lies beside it: a passphrase costs 0.4 s per command. */
export function cliHome(env: Readonly<Record<string, string>> = {}): CliHome {
  const path = mkdtempSync(join(tmpdir(), 'nemoclaw-cli-'))
  cpSync(profileCache(), join(path, 'state', 'cache'), { recursive: true })
  const home: CliHome = {
    path,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: path,
      NEMOCLAW_HOME: join(path, 'state'),
      NEMOCLAW_CREDENTIAL_STORE: 'file',
      ...env,
    },
    run: (args, options = {}) => runCli(args, { ...options, env: { ...home.env, ...options.env } }),
    json: async (args, options) => {
      const { code, stdout, stderr } = await home.run([...args, '--json'], options)
      if (code !== 0) throw new Error(`exit code ${code}: ${stdout}${stderr}`)
      return JSON.parse(stdout)
    },
    allText: () =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
        .join('\n'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
  return home
}

async function runCli(
  args: readonly string[],
  { env = {}, input = '', nodeArgs = [] }: RunOptions,
): Promise<CliResult> {
  const child = spawn(process.execPath, [...nodeArgs, CLI, ...args], { env, stdio: 'pipe' })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {}) // It may end without having read.
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}
