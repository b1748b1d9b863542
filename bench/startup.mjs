// What a user waits for when a command starts, beside a Node that does nothing, in alternating rounds.
//
//   npm run bench -- startup [rounds]
import { alternate } from './measure/alternate.mjs'
import { Nemoclaw } from './measure/nemoclaw.mjs'
import { cpuMsOf, measurePeakMemory, measureRun, memoryOf } from './measure/process-usage.mjs'
import { summary, table } from './report.mjs'

const MAX_ROUNDS = 50
const MEMORY_ROUNDS = 3

export async function benchStartup(rounds = 15) {
  const nemoclaw = new Nemoclaw()
  try {
    print(await measure(nemoclaw, Math.min(rounds, MAX_ROUNDS)))
  } finally {
    nemoclaw.remove()
  }
}

async function measure(nemoclaw, rounds) {
  // Nobody listens there: nothing that is measured asks a provider.
  nemoclaw.configure('http://127.0.0.1:9/v1')
  const commands = {
    'node -e 0': [nemoclaw.node, '-e', '0'],
    'nemoclaw --version': nemoclaw.argv('--version'),
    'nemoclaw --help': nemoclaw.argv('--help'),
    'nemoclaw provider list': nemoclaw.argv('provider', 'list'),
    'nemoclaw cluster inference get': nemoclaw.argv('cluster', 'inference', 'get'),
  }
  const { environment } = nemoclaw
  const subjects = Object.entries(commands).map(([name, argv]) => [name, () => measureRun(argv, environment)])
  const results = await alternate(
    { ...Object.fromEntries(subjects), 'nemoclaw proxy run, until it listens': () => startOf(nemoclaw) },
    rounds,
  )
  for (const [name, argv] of Object.entries(commands)) {
    const peaks = Array.from({ length: MEMORY_ROUNDS }, () => measurePeakMemory(argv, environment))
    results[name][0].peakMiB = summary(peaks).median
  }
  return results
}

function print(results) {
  const bare = cpu(results['node -e 0']).median
  console.log(
    table(
      ['command', 'CPU ms: min / median / max', 'ratio to bare Node', 'ms beyond it', 'wall ms', 'peak memory, MiB'],
      Object.entries(results).map(([name, runs]) => [
        `\`${name}\``,
        cpu(runs).text,
        (cpu(runs).median / bare).toFixed(1),
        (cpu(runs).median - bare).toFixed(0),
        summary(runs.map(({ wallMs }) => wallMs)).text,
        runs[0].peakMiB.toFixed(0),
      ]),
    ),
  )
}

const cpu = (runs) => summary(runs.map(({ cpuMs }) => cpuMs))

/** Taken at the moment the proxy listens: what a signal and the way out cost is not start-up. */
async function startOf(nemoclaw) {
  const proxy = await nemoclaw.startProxy()
  const usage = { cpuMs: cpuMsOf(proxy.pid), wallMs: proxy.startMs, peakMiB: memoryOf(proxy.pid).peakMiB }
  await proxy.stop()
  return usage
}
