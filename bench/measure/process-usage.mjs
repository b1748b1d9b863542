import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PRELOAD = fileURLToPath(new URL('./tell-peak-memory.cjs', import.meta.url))
const RUN_LIMIT_MS = 30_000

/**
 * Runs a program to its end and says what it cost, its children included: bash's `time` is wait4's rusage of the
 * child, in milliseconds, taken after the process is gone; nothing runs inside the process that is measured.
 * (/proc/PID/stat counts in steps of 10 ms, and Node shows the rusage of no child.)
 *
 * @param {readonly string[]} argv - Program first.
 * @returns {{ cpuMs: number, wallMs: number }}
 * @throws {Error} It could not be run, or its exit code was not 0.
 */
export function measureRun(argv, env) {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>/dev/null'
  const { status, stderr, error } = spawnSync('bash', ['-c', script, 'bash', ...argv], {
    env: { ...env, LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: RUN_LIMIT_MS,
  })
  if (error !== undefined || status !== 0) {
    throw new Error(`${argv.slice(1).join(' ')} failed (${error?.message ?? `exit code ${status}`})`)
  }
  const [real, user, system] = stderr.trim().split(' ').map(Number)
  return { cpuMs: (user + system) * 1000, wallMs: real * 1000 }
}

/**
 * The largest resident memory of a Node program that runs to its end, in MiB. A run of its own: the program is told
 * to say it, by a preloaded module, which costs time.
 */
export function measurePeakMemory([node, ...argv], env) {
  const { status, output } = spawnSync(node, ['--require', PRELOAD, ...argv], {
    env,
    encoding: 'utf8',
    timeout: RUN_LIMIT_MS,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(`${argv.join(' ')} failed (exit code ${status})`)
  return Number(output[3]) / 1024
}

/**
 * CPU time of a running process until now, over all its threads that are alive, in milliseconds; its children are not
 * counted. The scheduler's own clock, in nanoseconds.
 */
export function cpuMsOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((id) =>
    Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

/** @returns {{ nowMiB: number, peakMiB: number }} Resident memory of a running process. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { nowMiB: field('VmRSS'), peakMiB: field('VmHWM') }
}
