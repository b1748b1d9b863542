// What a tunnel costs beside nginx's stream module and socat: CPU time of the relaying process for each GB, download and
// upload apart; memory of an idle tunnel; and tunnels opened and closed per second of CPU time. The same client and the
// same destination for all of them, in turns.
//
// The proxy leads nowhere on this machine itself, so all of it runs in a network of its own in which every address is
// local. That takes root, or the right to make user namespaces; nginx with its stream module, and socat. What is missing
// is said, and is not measured.
//
//   npm run bench -- tunnel [rounds]
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { alternate } from './measure/alternate.mjs'
import { Nemoclaw } from './measure/nemoclaw.mjs'
import { cpuMsOf, memoryOf } from './measure/process-usage.mjs'
import { summary, table } from './report.mjs'

const THIS = fileURLToPath(import.meta.url)
const PEER = fileURLToPath(new URL('tunnel-peer.mjs', import.meta.url))
const ROOT = process.geteuid?.() === 0
const NAMESPACES = [...(ROOT ? [] : ['--user', '--map-root-user']), '--net']
const STREAM_MODULES = ['/usr/lib/nginx/modules/ngx_stream_module.so', '/usr/lib64/nginx/modules/ngx_stream_module.so']

const DESTINATION = { host: '93.184.216.34', port: 9100 }
const TOKEN = 'bench-token-0123456789'
const GB = 1e9
const BYTES = 160_000_000
const MAX_ROUNDS = 10
const IDLE_TUNNELS = 2_000
const WARMING_TUNNELS = 100
const SHORT_TUNNELS = 1_000
const AT_ONCE = 32
const START_LIMIT_MS = 10_000

export async function benchTunnel(rounds = 5) {
  const net = spawnSync('unshare', [...NAMESPACES, '--', 'true'])
  if (net.status !== 0) {
    console.log('Not measured: a network namespace is needed (Linux; root, or unprivileged user namespaces).')
    return
  }
  // Closed connections are forgotten at once: with tens of thousands of them, finding a free port is all that is measured.
  const forget = 'echo 100 > /proc/sys/net/ipv4/tcp_max_tw_buckets'
  const inside = `ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ${forget} && exec "$@"`
  const argv = ['--', 'sh', '-c', inside, 'sh', process.execPath, THIS, 'inside', String(Math.min(rounds, MAX_ROUNDS))]
  const child = spawn('unshare', [...NAMESPACES, ...argv], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the measurement ended with exit code ${code}`)
}

async function measure(rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-bench-'))
  const nemoclaw = new Nemoclaw()
  const running = []
  try {
    const destination = await Peer.start(DESTINATION.port)
    running.push(destination)
    const client = await Peer.start(0)
    running.push(client)
    const relays = {
      nemoclaw: await startNemoclaw(nemoclaw, folder),
      ...(await startNginx(folder)),
      ...(await startSocat()),
    }
    running.push(...Object.values(relays))
    // First: memory that other work has left over would be used for the tunnels, and not be seen.
    await reportIdle(client, relays)
    await reportThroughput(client, relays, rounds)
    await reportOpening(client, relays, rounds)
  } finally {
    for (const each of running.reverse()) await each.stop()
    nemoclaw.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function reportThroughput(client, relays, rounds) {
  const subjects = {}
  for (const [name, relay] of Object.entries(relays)) {
    for (const task of ['download', 'upload']) {
      subjects[`${name}|${task}`] = async () => {
        const processes = tree(relay.pid).length
        const before = cpuOf(relay.pid)
        const ms = await client.do(task, { relay: relay.way, bytes: BYTES })
        const cpuMs = cpuOf(relay.pid) - before
        await client.do('release')
        await settled(relay.pid, processes)
        return { cpuMsPerGb: (cpuMs / BYTES) * GB, mbPerS: BYTES / 1e3 / ms }
      }
    }
  }
  const results = await alternate(subjects, rounds)
  const perGb = (name, task) => summary(results[`${name}|${task}`].map(({ cpuMsPerGb }) => cpuMsPerGb))
  const best = (task) => perGb('nginx, buffer as it comes', task)
  console.log(
    table(
      [
        'relay',
        'download, CPU ms per GB: min / median / max',
        'upload, CPU ms per GB: min / median / max',
        'download, MB/s (median)',
        'upload, MB/s (median)',
        "bytes per CPU-second by nginx's: download, upload",
      ],
      Object.keys(relays).map((name) => [
        name,
        ...['download', 'upload'].map((task) => perGb(name, task).text),
        ...['download', 'upload'].map((task) =>
          summary(results[`${name}|${task}`].map(({ mbPerS }) => mbPerS)).median.toFixed(0),
        ),
        relays['nginx, buffer as it comes'] === undefined
          ? 'no nginx'
          : ['download', 'upload'].map((task) => (best(task).median / perGb(name, task).median).toFixed(2)).join(', '),
      ]),
    ),
  )
}

async function reportOpening(client, relays, rounds) {
  // Each of socat's connections is a process, whose time is gone with it.
  const subjects = Object.entries(relays).flatMap(([name, relay]) =>
    name === 'socat'
      ? []
      : [
          [
            name,
            async () => {
              const before = cpuOf(relay.pid)
              await client.do('openAndClose', { relay: relay.way, count: SHORT_TUNNELS, atOnce: AT_ONCE })
              return (cpuOf(relay.pid) - before) / SHORT_TUNNELS
            },
          ],
        ],
  )
  const results = await alternate(Object.fromEntries(subjects), rounds)
  console.log(
    `\n${table(
      ['relay', 'opened, used once and closed: CPU ms for each, min / median / max', 'for each CPU-second (median)'],
      Object.entries(results).map(([name, samples]) => [
        name,
        summary(samples, 3).text,
        (1000 / summary(samples).median).toFixed(0),
      ]),
    )}`,
  )
}

async function reportIdle(client, relays) {
  const rows = []
  for (const [name, relay] of Object.entries(relays)) {
    if (name === 'socat') continue
    await client.do('openAndClose', { relay: relay.way, count: WARMING_TUNNELS, atOnce: AT_ONCE })
    const before = memoryOfTree(relay.pid)
    await client.do('hold', { relay: relay.way, count: IDLE_TUNNELS, atOnce: AT_ONCE })
    await delay(1_000)
    const after = memoryOfTree(relay.pid)
    await client.do('release')
    const perTunnel = ((after - before) * 1024) / IDLE_TUNNELS
    rows.push([name, before.toFixed(0), after.toFixed(0), perTunnel.toFixed(1)])
  }
  console.log(`${table(['relay', 'MiB with none', `MiB with ${IDLE_TUNNELS} idle tunnels`, 'KiB for each'], rows)}\n`)
}

async function startNemoclaw(nemoclaw, folder) {
  const policyFile = join(folder, 'policy.yaml')
  const tokenFile = join(folder, 'token')
  const { host, port } = DESTINATION
  writeFileSync(
    policyFile,
    `version: 1\nnetwork_policies:\n  bench:\n    endpoints:\n      - host: ${host}\n        port: ${port}\n`,
    { mode: 0o600 },
  )
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 })
  const proxy = await nemoclaw.startProxy('--policy', policyFile, '--client-token', `bench=${tokenFile}`)
  const target = `${host}:${port}`
  // As `nemoclaw run` gives one to each program.
  const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Bearer ${TOKEN}\r\n\r\n`
  return { pid: proxy.pid, way: { port: proxy.port, head }, stop: () => proxy.stop() }
}

async function startNginx(folder) {
  const found = spawnSync('nginx', ['-v'])
  const module = STREAM_MODULES.find((path) => existsSync(path))
  if (found.error || module === undefined) {
    console.log('Not measured: nginx (apt-get install nginx libnginx-mod-stream).\n')
    return {}
  }
  const start = async (name, port, bufferSize) => {
    const file = join(folder, `nginx-${port}.conf`)
    writeFileSync(
      file,
      `load_module ${module};
daemon off;
worker_processes 1;
pid ${folder}/nginx-${port}.pid;
error_log ${folder}/nginx.log error;
events { worker_connections 8192; }
stream {
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass ${DESTINATION.host}:${DESTINATION.port};
    ${bufferSize === undefined ? '' : `proxy_buffer_size ${bufferSize};`}
  }
}
`,
    )
    return { [name]: await startProgram('nginx', ['-c', file, '-p', folder], port) }
  }
  return {
    ...(await start('nginx, buffer as it comes', 9201)),
    ...(await start('nginx, proxy_buffer_size 64k', 9202, '64k')),
  }
}

async function startSocat() {
  if (spawnSync('socat', ['-V']).error) {
    console.log('Not measured: socat (apt-get install socat).\n')
    return {}
  }
  const { host, port } = DESTINATION
  const listen = 'TCP-LISTEN:9203,bind=127.0.0.1,reuseaddr,fork,backlog=128'
  return { socat: await startProgram('socat', [listen, `TCP:${host}:${port}`], 9203) }
}

async function startProgram(program, argv, port) {
  const child = spawn(program, argv, { stdio: ['ignore', 'inherit', 'inherit'] })
  for (const until = Date.now() + START_LIMIT_MS; ; ) {
    if (child.exitCode !== null) throw new Error(`${program} ended with exit code ${child.exitCode}`)
    if (await isListening(port)) break
    if (Date.now() > until) throw new Error(`${program} does not listen`)
    await delay(50)
  }
  return {
    pid: child.pid,
    way: { port },
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

class Peer {
  static async start(port) {
    const peer = new Peer(fork(PEER, [String(port)]))
    await peer.#answer()
    return peer
  }

  #child

  constructor(child) {
    this.#child = child
  }

  async do(task, options = {}) {
    this.#child.send({ task, ...options })
    return this.#answer()
  }

  async stop() {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  async #answer() {
    const over = new AbortController()
    const answered = ['message', 'exit'].map((event) => once(this.#child, event, over))
    for (const each of answered) each.catch(() => {})
    const [message] = await Promise.race(answered)
    over.abort()
    if (typeof message !== 'object' || message === null) throw new Error('an end of the tunnels failed')
    return message.result
  }
}

/** A process and its children: nginx's worker, socat's process for a connection. */
function tree(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(tree)]
}

/** socat's process for a connection outlives it by a moment, and takes its time with it. */
async function settled(pid, processes) {
  while (tree(pid).length > processes) await delay(5)
}

const cpuOf = (pid) => tree(pid).reduce((sum, each) => sum + cpuMsOf(each), 0)
const memoryOfTree = (pid) => tree(pid).reduce((sum, each) => sum + memoryOf(each).nowMiB, 0)

if (process.argv[1] === THIS) {
  const [mode, rounds] = process.argv.slice(2)
  if (mode === 'inside') await measure(Number(rounds))
  else await benchTunnel(mode === undefined ? undefined : Number(mode))
}
