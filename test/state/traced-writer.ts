import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { finished, startScript } from './run-script.js'

const WRITE_WHEN_TOLD = new URL('./write-when-told.mjs', import.meta.url)

export type WriteKind = 'config' | 'credentials'

/** One system call of a writer: the n-th of its name. */
export interface SystemCall {
  readonly name: string
  readonly ordinal: number
}

/**
 * Starts a writer, lets it load its code, attaches strace to its main thread, lets it write, and waits for its end.
 *
 * @param straceArguments - E.g. `-e inject=rename:signal=SIGKILL:when=1`, which kills it at its first rename.
 */
export async function traceWriter(
  kind: WriteKind,
  directory: string,
  warmDirectory: string,
  straceArguments: readonly string[],
) {
  const writer = startScript(WRITE_WHEN_TOLD, [kind, directory, warmDirectory])
  const end = finished(writer)
  await once(writer.stdout as NodeJS.ReadableStream, 'data')
  const strace = spawn('strace', ['-p', String(writer.pid), ...straceArguments], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await once(strace.stderr, 'data') // "Process N attached"
  writer.stdin?.end('go\n')
  const { stdout, stderr, signal } = await end
  if (strace.exitCode === null && strace.signalCode === null) await once(strace, 'exit')
  return { stored: stdout.includes('stored'), stderr, killed: signal === 'SIGKILL' }
}

/** Every system call of a log of `strace -y -o` that names something in `directory`, by path or by descriptor. */
export function callsOn(directory: string, log: string): readonly SystemCall[] {
  const counts = new Map<string, number>()
  const calls: SystemCall[] = []
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const name = /^(\w+)\(/.exec(line)?.[1]
    if (name === undefined) continue
    const ordinal = (counts.get(name) ?? 0) + 1
    counts.set(name, ordinal)
    if (line.includes(directory)) calls.push({ name, ordinal })
  }
  return calls
}
