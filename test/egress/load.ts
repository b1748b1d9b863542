import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EgressBed } from './egress-bed.js'

/** What came of many connections: how many of each status. */
export type LoadOutcome = Readonly<Record<string, number>>

/** Many connections that are held. Disposing of it lets them go. */
export interface Load extends AsyncDisposable {
  readonly outcome: LoadOutcome
  /** Lets them go. @returns What has become of them by then. */
  release(): Promise<LoadOutcome>
  /** Stops its process, or lets it go on. */
  kill(signal: 'SIGSTOP' | 'SIGCONT'): void
}

type LoadMode = 'connects' | 'resets' | 'trickle' | 'holds'

const LOAD = fileURLToPath(new URL('programs/load.mjs', import.meta.url))

/** Puts a load on a proxy, from a process of its own inside the bed, and waits until it is all there. */
export async function putLoad(
  bed: EgressBed,
  mode: LoadMode,
  port: number,
  target: string,
  count: number,
): Promise<Load> {
  return start(bed, [mode, String(port), target, String(count)])
}

/**
 * Takes connections to a port at every address, and holds them: too many for the test to see each.
 *
 * @param backlog - Connections that the kernel takes while the process is stopped, less one.
 */
export async function holdArrivals(bed: EgressBed, port: number, backlog = 4_096): Promise<Load> {
  return start(bed, ['sink', String(port), String(backlog)])
}

async function start(bed: EgressBed, args: readonly string[]): Promise<Load> {
  const [program, ...argv] = bed.inside([process.execPath, LOAD, ...args])
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error(`the load ended: ${args.join(' ')}`)
    return JSON.parse(value) as LoadOutcome
  }
  const outcome = await next()
  return {
    outcome,
    kill: (signal) => void child.kill(signal),
    async release() {
      child.stdin.end()
      return next()
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGCONT')
      child.stdin.end()
      await ended
    },
  }
}
