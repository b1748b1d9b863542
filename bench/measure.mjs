import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** `sysconf(_SC_CLK_TCK)` on Linux: the unit of the CPU times in /proc. */
const TICK_MS = 10

/** @returns CPU of a live process and all its threads, in milliseconds (user + system), at a resolution of 10 ms. */
export function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which is in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** @returns CPU of a live process's threads in milliseconds, from the scheduler's own nanosecond clock. */
export function preciseCpuMs(pid) {
  const run = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]
  return Number(run) / 1e6
}

/** @returns A line of /proc/<pid>/status in MiB: `VmRSS` (now) or `VmHWM` (the most it ever was). */
export function memoryMib(pid, line = 'VmRSS') {
  const kib = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return kib ? Number(kib[1]) / 1024 : 0
}

/** @returns Smallest, median and largest. */
export function spread(values) {
  const sorted = values.toSorted((one, other) => one - other)
  return { min: sorted[0], median: quantile(sorted, 0.5), max: sorted.at(-1) }
}

/** @param sorted - Ascending. */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}

/** `median (min-max)` with as many digits as are worth reading. */
export function shown({ min, median, max }, digits = 0) {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}

export function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** What ran, without saying where: class of machine, Node, day, and the command that gives the numbers again. */
export function provenance(command) {
  const cores = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)?.length ?? 0
  return `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, Linux, ${cores} cores, Node ${process.versions.node}.`
}

/** Starts a program and waits for a line of its standard output; the caller ends it with `stop`. */
export function startUntil(argv, env, isWanted, limitMs = 20_000) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    const timer = setTimeout(() => fail(`said nothing wanted within ${limitMs} ms`), limitMs)
    const fail = (why) => {
      child.kill('SIGKILL')
      reject(new Error(`${argv.join(' ')}: ${why}: ${output}${errors}`))
    }
    child.stderr.on('data', (text) => {
      errors += text
    })
    child.stdout.on('data', function onData(text) {
      output += text
      const line = output.split('\n').find(isWanted)
      if (line === undefined) return
      clearTimeout(timer)
      child.stdout.off('data', onData).resume()
      resolve({ child, pid: child.pid, line })
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${argv.join(' ')} ended with ${code}: ${errors}`))
    })
  })
}

/** Ends a child that we started, by its handle. */
export function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.once('exit', () => {
      clearTimeout(impatience)
      resolve()
    })
    child.kill(signal)
  })
}
