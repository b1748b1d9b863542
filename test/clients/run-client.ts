import { spawn } from 'node:child_process'

export interface ClientResult {
  /** `undefined` where a signal ended it. */
  readonly exitCode: number | undefined
  readonly output: Buffer
  readonly errorOutput: string
  /** Milliseconds from the start to each piece of standard output. */
  readonly outputAtMs: readonly number[]
}

export interface ClientSurroundings {
  /** Home and working directory. */
  readonly folder: string
  /** All the environment there is besides PATH and HOME: nothing of ours leaks into a client. */
  readonly environment: Readonly<Record<string, string>>
  /** Bytes for standard input; closed at once where absent. */
  readonly input?: Buffer
}

const LIMIT_MS = 25_000

/** Runs a client to its end, as a process of its own. */
export function runClient(
  program: string,
  parameters: readonly string[],
  { folder, environment, input }: ClientSurroundings,
): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const child = spawn(program, parameters, {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment },
      stdio: 'pipe',
      // A group of its own: what a client started holds its output open and must end with it.
      detached: true,
    })
    const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LIMIT_MS)
    const output: Buffer[] = []
    const errorOutput: Buffer[] = []
    const outputAtMs: number[] = []
    child.stdout.on('data', (chunk: Buffer) => {
      output.push(chunk)
      outputAtMs.push(performance.now() - startedAt)
    })
    child.stderr.on('data', (chunk: Buffer) => errorOutput.push(chunk))
    // A client that needs no input may be gone before it was given.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', (error) => {
      clearTimeout(limit)
      reject(error)
    })
    child.once('close', (code) => {
      clearTimeout(limit)
      resolve({
        exitCode: code ?? undefined,
        output: Buffer.concat(output),
        errorOutput: Buffer.concat(errorOutput).toString(),
        outputAtMs,
      })
    })
  })
}
