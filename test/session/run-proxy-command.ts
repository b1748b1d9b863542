import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { CLI, type CliHome } from '../cli/run-cli.js'

/** One line of `proxy run --log-format json`. */
export type LogLine = Readonly<Record<string, unknown>>

/** A running `nemoclaw proxy run` and what it said. Disposing of it kills it and waits for its end. */
export interface ProxyCommand extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  readonly port: number
  readonly home: CliHome
  /** Every line of standard output until now, parsed; what is no JSON fails the test. */
  readonly lines: readonly LogLine[]
  /** Standard output and standard error as they came. */
  readonly output: () => string
  /** The first line from `from` on that has all these members; waits for it. */
  line(members: LogLine, from?: number): Promise<LogLine>
  kill(signal: NodeJS.Signals): void
  /** Lets its standard output fill up. */
  pauseReading(): void
  resumeReading(): void
  /** Closes our end of its standard output. */
  stopReading(): void
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>
}

export interface RunProxyCommandOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Runs it some other way: in a namespace, with a limit, or another program instead that says the same. */
  readonly command?: (program: string, args: readonly string[]) => readonly [program: string, ...args: string[]]
}

const WAIT_MS = 15_000

/** Starts the built program's `proxy run` on a free port and waits until it listens. */
export async function runProxyCommand(
  home: CliHome,
  { args = [], env = {}, cwd = home.path, command = (program, all) => [program, ...all] }: RunProxyCommandOptions = {},
): Promise<ProxyCommand> {
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
  const [program, ...argv] = command(process.execPath, [
    CLI,
    'proxy',
    'run',
    ...listen,
    '--log-format',
    'json',
    ...args,
  ])
  const child = spawn(program, argv, {
    env: { ...home.env, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = follow(child, home)
  try {
    await running.line({ action: 'listening' })
  } catch (error) {
    await running[Symbol.asyncDispose]()
    throw error
  }
  return running
}

function follow(child: ChildProcess, home: CliHome): ProxyCommand {
  const lines: LogLine[] = []
  let output = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  createInterface({ input: child.stdout! }).on('line', (text) => {
    output += `${text}\n`
    lines.push(JSON.parse(text) as LogLine)
    child.emit('line')
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const find = (members: LogLine, from: number) =>
    lines.slice(from).find((line) => Object.entries(members).every(([name, value]) => line[name] === value))
  const line = async (members: LogLine, from = 0) => {
    const limit = AbortSignal.timeout(WAIT_MS)
    for (;;) {
      const found = find(members, from)
      if (found) return found
      await Promise.race([once(child, 'line', { signal: limit }), ended]).catch(() => {})
      if (limit.aborted || (child.exitCode !== null && !find(members, from))) {
        throw new Error(`no line like ${JSON.stringify(members)} at the end of:\n${output.slice(-10_000)}`)
      }
    }
  }
  const url = () => String(lines.find(({ action }) => action === 'listening')?.['url'])
  return {
    pid: child.pid!,
    get url() {
      return url()
    },
    get port() {
      return Number(new URL(url()).port)
    },
    home,
    lines,
    output: () => output,
    line,
    kill: (signal) => void child.kill(signal),
    pauseReading: () => void child.stdout!.pause(),
    resumeReading: () => void child.stdout!.resume(),
    stopReading: () => void child.stdout!.destroy(),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
