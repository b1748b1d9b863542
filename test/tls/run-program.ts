import { spawn } from 'node:child_process'

export interface ProgramResult {
  /** `undefined` where it was ended by a signal. */
  readonly exitCode: number | undefined
  /** Standard output and standard error, as they came. */
  readonly output: string
}

/** Runs a program with standard input closed and a plain environment: no proxy, no roots from outside. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '' } = process.env
    const child = spawn(program, parameters, {
      env: { PATH, HOME, LC_ALL: 'C', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ exitCode: code ?? undefined, output: Buffer.concat(chunks).toString('utf8') }),
    )
  })
}

/** Whether a program is there and starts. */
export async function isInstalled(program: string, ...parameters: readonly string[]): Promise<boolean> {
  try {
    return (await runProgram(program, parameters)).exitCode === 0
  } catch {
    return false
  }
}
