// What it costs to tell which program is behind a connection, with 100 and 500 more processes on the machine: the search
// on the event loop, the same on a thread (one client, and a hundred at once), and how long the loop stood still meanwhile.
//
//   npm run bench -- calling-program [rounds]      or      node bench/calling-program.mjs [rounds]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { identifyCallingPrograms } from '../packages/proxy-core/dist/access/identify-calling-programs.js'
import { identifyOffLoop } from '../packages/proxy-core/dist/access/identify-off-loop.js'
import { summary, table } from './report.mjs'

const PROCESSES = [0, 100, 500]
const CLIENTS = 100
const MAX_ROUNDS = 50
/** Measured anew in each round, so that a slow moment of the machine falls on all of them. */
const LIMIT_MS = 60_000

export async function benchCallingProgram(rounds = 15) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(server.address().port, '127.0.0.1')
  const [accepted] = await once(server, 'connection')
  const { identify, close } = identifyOffLoop()
  const ways = {
    'on the loop': async () => identifyCallingPrograms(accepted),
    'on a thread': () => identify(accepted),
    [`on a thread, ${CLIENTS} clients at once`]: () =>
      Promise.all(Array.from({ length: CLIENTS }, () => identify(accepted))),
  }
  const rows = []
  for (const count of PROCESSES) {
    const sleepers = Array.from({ length: count }, () => spawn('sleep', ['120'], { stdio: 'ignore' }))
    try {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const { processes, descriptors } = census()
      const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
      const stalls = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
      const begin = performance.now()
      for (let round = 0; round <= Math.min(rounds, MAX_ROUNDS) && performance.now() - begin < LIMIT_MS; round++) {
        for (const [name, way] of Object.entries(ways)) {
          const { took, stall } = await timed(way)
          if (round > 0) {
            samples[name].push(took)
            stalls[name].push(stall)
          }
        }
      }
      for (const name of Object.keys(ways)) {
        rows.push([
          `${processes} (${descriptors})`,
          name,
          summary(samples[name], 1).text,
          summary(stalls[name], 1).text,
        ])
      }
    } finally {
      await Promise.all(sleepers.map(end))
    }
  }
  console.log(
    table(
      [
        'processes (descriptors)',
        'search',
        'until the answer, ms: min / median / max',
        'loop held up, ms: min / median / max',
      ],
      rows,
    ),
  )
  await close()
  client.destroy()
  accepted.destroy()
  server.close()
}

/** How long a way takes, and the longest time between two turns of the loop while it does. */
async function timed(way) {
  const begin = performance.now()
  let turn = begin
  let stall = 0
  let isDone = false
  const look = () => {
    stall = Math.max(stall, performance.now() - turn)
    turn = performance.now()
    if (!isDone) setTimeout(look, 0)
  }
  setTimeout(look, 0)
  const answer = await way()
  if (answer === undefined) throw new Error('nobody was identified')
  const took = performance.now() - begin
  isDone = true
  look()
  return { took, stall }
}

function census() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const descriptors = pids.map((pid) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).length
    } catch {
      return 0
    }
  })
  return { processes: pids.length, descriptors: descriptors.reduce((total, each) => total + each, 0) }
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchCallingProgram(process.argv[2] === undefined ? undefined : Number(process.argv[2]))
}
