import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Finished {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Starts a script of this folder's tree in a Node process of its own. It uses the built CLI in packages/cli/dist. */
export function startScript(
  script: URL,
  args: readonly string[],
  options: SpawnOptions = {},
  before: readonly string[] = [],
): ChildProcess {
  const [program, ...rest] = [...before, process.execPath, fileURLToPath(script), ...args]
  return spawn(program as string, rest, { stdio: ['pipe', 'pipe', 'pipe'], ...options })
}

/** Waits for its end, with all it wrote. */
export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { stdout, stderr, code, signal }
}
