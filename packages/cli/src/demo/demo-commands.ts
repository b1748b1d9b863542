import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { UserError } from '../user-error.js'

const COMMAND_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 5_000

/** Lines of JSON that a running command prints, by their `event` or `action`. */
export interface RunningCommand {
  /** How many lines of that kind came until now. */
  count(kind: string): number
  /** @returns The line of that kind with that number, counted from 0; waits for it. */
  line(kind: string, number?: number): Promise<Readonly<Record<string, unknown>>>
}

/** Runs `nemoclaw` as a user would, in an environment that holds nothing of the user's. */
export class DemoCommands {
  readonly #program: readonly [string, string]
  readonly #environment: Readonly<Record<string, string>>
  readonly #children: ChildProcess[] = []

  constructor(program: readonly [string, string], environment: Readonly<Record<string, string>>) {
    this.#program = program
    this.#environment = environment
  }

  /** @returns Standard output. @throws {UserError} `ERR_DEMO_FAILED` with what the command said. */
  async run(argv: readonly string[]): Promise<string> {
    const [program, script] = this.#program
    try {
      const options = { env: this.#environment, timeout: COMMAND_LIMIT_MS }
      return (await promisify(execFile)(program, [script, ...argv], options)).stdout
    } catch (error) {
      throw failed(argv, (error as { stderr?: string }).stderr ?? (error as Error).message)
    }
  }

  async start(argv: readonly string[]): Promise<RunningCommand> {
    const [program, script] = this.#program
    const child = spawn(program, [script, ...argv], { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push(child)
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const lines: Readonly<Record<string, unknown>>[] = []
    const reader = createInterface({ input: child.stdout })
    reader.on('line', (line) => {
      lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
      child.emit('line')
    })
    const ofKind = (kind: string) => lines.filter((line) => line['event'] === kind || line['action'] === kind)
    return {
      count: (kind) => ofKind(kind).length,
      line: async (kind, number = 0) => {
        const limit = AbortSignal.timeout(COMMAND_LIMIT_MS)
        for (;;) {
          const found = ofKind(kind)[number]
          if (found) return found
          if (child.exitCode !== null) throw failed(argv, errors)
          await Promise.race([once(child, 'line', { signal: limit }), once(child, 'exit', { signal: limit })])
        }
      },
    }
  }

  /** Ends what was started, the newest first, and waits until it has ended. */
  async stopAll(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
        await once(child, 'exit')
        clearTimeout(impatience)
      }
    }
  }
}

function failed(argv: readonly string[], said: string): UserError {
  return new UserError('ERR_DEMO_FAILED', `nemoclaw ${argv.slice(0, 3).join(' ')} failed: ${said.trim()}`)
}
