import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { UserError } from '../user-error.js'

const COMMAND_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 5_000

export interface DemoCommandsOptions {
  /** The program that runs `nemoclaw`, and its first argument. */
  readonly program: readonly [string, string]
  /** All that its children get of an environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Aborted when the user has had enough: what is under way then fails. */
  readonly signal: AbortSignal
}

/** Lines of JSON that a running command prints, by their `event` or `action`. */
export interface RunningCommand {
  /** How many lines of that kind came until now. */
  count(kind: string): number
  /** @returns The line of that kind with that number, counted from 0; waits for it. */
  line(kind: string, number?: number): Promise<Readonly<Record<string, unknown>>>
}

/** Runs programs in an environment that holds nothing of the user's, and ends what it started. */
export class DemoCommands {
  readonly #options: DemoCommandsOptions
  readonly #children: ChildProcess[] = []

  constructor(options: DemoCommandsOptions) {
    this.#options = options
  }

  /** Runs `nemoclaw` to its end. @returns Standard output. @throws {UserError} `ERR_DEMO_FAILED` with what it said. */
  async run(argv: readonly string[]): Promise<string> {
    const child = this.#nemoclaw(argv)
    const [output, errors, ending] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      this.#ending(child),
    ])
    if (ending !== 0) throw failed(argv, errors || output || String(ending))
    return output
  }

  /** Starts `nemoclaw` with a command that prints lines of JSON until it is ended. */
  start(argv: readonly string[]): RunningCommand {
    const child = this.#nemoclaw(argv)
    const errors = textOf(child.stderr)
    const lines: Readonly<Record<string, unknown>>[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
      child.emit('line')
    })
    const ofKind = (kind: string) => lines.filter((line) => line['event'] === kind || line['action'] === kind)
    return {
      count: (kind) => ofKind(kind).length,
      line: async (kind, number = 0) => {
        const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(COMMAND_LIMIT_MS)])
        for (;;) {
          const found = ofKind(kind)[number]
          if (found) return found
          if (child.exitCode !== null || child.signalCode !== null) throw failed(argv, await errors)
          await Promise.race([once(child, 'line', { signal }), once(child, 'close', { signal })])
        }
      },
    }
  }

  /** Starts any program, which is ended with the others. */
  spawn(program: string, argv: readonly string[], environment: Readonly<Record<string, string>>) {
    const child = spawn(program, argv, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push(child)
    return child
  }

  /** Ends what was started, the newest first, and waits until it has ended. */
  async stopAll(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      await once(child, 'exit')
      clearTimeout(impatience)
    }
  }

  #nemoclaw(argv: readonly string[]) {
    const { program, environment } = this.#options
    return this.spawn(program[0], [program[1], ...argv], environment)
  }

  async #ending(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(COMMAND_LIMIT_MS)])
    const [code, by] = (await once(child, 'close', { signal })) as [number | null, NodeJS.Signals | null]
    return code ?? by
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return text
}

function failed(argv: readonly string[], said: string): UserError {
  return new UserError('ERR_DEMO_FAILED', `nemoclaw ${argv.slice(0, 3).join(' ')} failed: ${said.trim()}`)
}
