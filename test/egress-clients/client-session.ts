import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROVIDER_ROOT } from '../bad-input/upstream-certificates.js'
import { CLI, type CliResult, cliHome } from '../cli/run-cli.js'
import type { EgressBed } from '../egress/egress-bed.js'
import { runCommand } from '../session/run-command.js'
import { type ProxyCommand, runProxyCommand } from '../session/run-proxy-command.js'

/** A proxy in a bed, a user with a policy of their own, and what that user runs: clients and shell lines. */
export interface ClientSession extends AsyncDisposable {
  readonly bed: EgressBed
  readonly proxy: ProxyCommand
  /** Where clients are run, empty at first; their home is beside it. */
  readonly folder: string
  /** PEM of the CA that the sites of these tests have, and nothing else: for the variable that a client reads. */
  readonly sitesRoot: string
  /**
   * Runs a client, led to the proxy by what `nemoclaw env` says.
   *
   * @param environment - Comes last.
   */
  run(command: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CliResult>
  /** Has a shell of the user run a line, as it stands. `nemoclaw` is in its PATH. */
  shell(line: string): Promise<CliResult>
}

/** Seconds. */
const CLIENT_LIMIT = '20'

/** @param args - For `proxy run`. */
export async function startClientSession(bed: EgressBed, args: readonly string[] = []): Promise<ClientSession> {
  const home = cliHome()
  const folder = join(home.path, 'work')
  const programs = join(home.path, 'bin')
  const sitesRoot = join(home.path, 'sites-root.pem')
  mkdirSync(folder)
  mkdirSync(programs)
  writeFileSync(sitesRoot, PROVIDER_ROOT)
  writeFileSync(join(programs, 'nemoclaw'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, { mode: 0o755 })
  const userEnvironment = { ...home.env, PATH: `${programs}:${home.env['PATH']}` }
  const runInside = (command: readonly string[], environment: Readonly<Record<string, string>>) => {
    const [program, ...all] = bed.inside(['env', '-C', folder, 'timeout', CLIENT_LIMIT, ...command])
    return runCommand(program, all, environment)
  }
  const shell = (line: string) => runInside(['sh', '-c', line], userEnvironment)

  const proxy = await runProxyCommand(home, { args, command: (program, all) => bed.inside([program, ...all]) })
  const { stdout } = await shell('nemoclaw env --json')
  const led = JSON.parse(stdout) as Readonly<Record<string, string>>
  // None of the user's state: a client is not to find it.
  const clientEnvironment = { PATH: home.env['PATH'] ?? '', HOME: join(home.path, 'client'), ...led }
  mkdirSync(clientEnvironment.HOME)
  return {
    bed,
    proxy,
    folder,
    sitesRoot,
    run: (command, environment = {}) => runInside(command, { ...clientEnvironment, ...environment }),
    shell,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      home[Symbol.dispose]()
    },
  }
}
