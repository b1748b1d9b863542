import { spawn } from 'node:child_process'
import { UserError } from '../user-error.js'

/** All that a source of a credential gets of our environment. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG']

export interface SourceLimits {
  readonly timeoutMs: number
  readonly maximumBytes: number
}

const DEFAULT_LIMITS: SourceLimits = { timeoutMs: 10_000, maximumBytes: 64 * 1024 }

/**
 * Runs a program and returns what it writes to standard output. In `/`, with a minimal environment, without input;
 * its error output is thrown away, because it may hold a secret. It and all it started, as far as they stay in its
 * process group, are killed at the end, at a limit, and when our process exits.
 *
 * @throws {UserError} `ERR_REFERENCE_UNAVAILABLE`: not found, failed, too slow, too much.
 */
export function runSource(
  [program, ...args]: readonly [string, ...string[]],
  environment: (name: string) => string | undefined,
  { timeoutMs, maximumBytes }: SourceLimits = DEFAULT_LIMITS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const variables = PASSED_ON.map((name) => [name, environment(name)] as const)
    const child = spawn(program, args, {
      cwd: '/',
      env: Object.fromEntries(variables.filter(([, value]) => value !== undefined)),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      windowsHide: true,
    })
    const chunks: Buffer[] = []
    let length = 0

    const killGroup = (): void => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL') // No such group any more, or Windows, which has none.
      }
    }
    let finished = false
    const finish = (failure?: string): void => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      process.off('exit', killGroup)
      killGroup()
      child.stdout.destroy()
      if (failure === undefined) resolve(Buffer.concat(chunks).toString('utf8'))
      else reject(unavailable(program, failure))
    }
    const timer = setTimeout(() => finish(`did not finish within ${timeoutMs / 1000} s`), timeoutMs)
    process.on('exit', killGroup)

    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > maximumBytes) finish(`wrote more than ${maximumBytes} bytes`)
      else chunks.push(chunk)
    })
    child.on('error', (error) =>
      finish('code' in error && error.code === 'ENOENT' ? 'was not found' : 'could not be started'),
    )
    child.on('exit', (code, signal) => {
      if (code !== 0) return finish(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
      // What it left running holds the other end of the pipe open; its leader has said all that counts.
      killGroup()
      const drained = setTimeout(() => finish(), 1_000)
      child.on('close', () => {
        clearTimeout(drained)
        finish()
      })
    })
  })
}

function unavailable(program: string, failure: string): UserError {
  return new UserError('ERR_REFERENCE_UNAVAILABLE', `the credential's source ${JSON.stringify(program)} ${failure}`, {
    suggestions: ['Run it by hand to see what it says: it gets PATH, HOME, USER and LANG, and runs in /.'],
  })
}
