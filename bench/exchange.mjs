// What the proxy adds to an exchange. The same requests go, alternating, straight to a minimal provider on loopback and
// through the proxy (CONNECT, TLS 1.3, model rewritten, credential added) to the same provider. One connection, one
// request at a time: latency, not saturation. CPU is the proxy's own, from /proc/<pid>/stat, over all its requests.
//
//   npm run bench -- exchange [rounds]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { InferenceClient } from './inference-client.mjs'
import { summary, table } from './report.mjs'

const CLI = fileURLToPath(new URL('../packages/cli/bin/run.js', import.meta.url))
const UPSTREAM = fileURLToPath(new URL('upstream.mjs', import.meta.url))
const REQUESTS_PER_ROUND = 500
const STREAM_EVENTS = 40_000
const CLOCK_TICKS_PER_S = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100

export async function benchExchange(rounds = 7) {
  const home = mkdtempSync(join(tmpdir(), 'nemoclaw-bench-'))
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    NEMOCLAW_HOME: home,
    NEMOCLAW_CREDENTIAL_STORE: 'file',
    NEMOCLAW_PASSPHRASE: 'bench',
    MOCK_API_KEY: 'sk-bench-0123456789',
  }
  const children = []
  const start = async (argv, marker) => {
    const child = spawn(process.execPath, argv, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const lines = createInterface({ input: child.stdout })
    for await (const line of lines) {
      if (line.includes(marker)) {
        child.stdout.resume()
        return { child, line }
      }
    }
    throw new Error(`${argv.join(' ')} ended`)
  }
  const nemoclaw = (...argv) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...argv], {
      env: environment,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    return stdout.trim()
  }
  try {
    const { line: upstreamLine } = await start([UPSTREAM], 'port')
    const { port } = JSON.parse(upstreamLine)
    const base = `http://127.0.0.1:${port}/v1`
    nemoclaw('provider', 'create', 'bench', '--type', 'mock', '--base-url', base, '--credential', 'MOCK_API_KEY')
    nemoclaw('cluster', 'inference', 'set', '--provider', 'bench', '--model', 'mock/echo', '--no-verify')
    const run = [CLI, 'proxy', 'run', '--listen', '127.0.0.1:0', '--log-format', 'json']
    const { child: proxy, line } = await start(run, '"listening"')
    const client = await InferenceClient.open(JSON.parse(line).url, nemoclaw('ca', 'path'))
    const direct = directClient(port)
    const small = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }
    const stream = { model: 'gpt-4o', stream: true, events: STREAM_EVENTS, messages: [] }
    const large = Buffer.from(
      JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'x'.repeat(31 * 1024 * 1024) }] }),
    )

    const found = {
      direct: [],
      proxied: [],
      cpu: [],
      streamDirect: [],
      streamProxied: [],
      largeDirect: [],
      largeProxied: [],
    }
    for (let round = 0; round <= rounds; round++) {
      const directMs = await latencies(direct, small)
      const cpuBefore = cpuMsOf(proxy.pid)
      const proxiedMs = await latencies(client, small)
      const cpu = (cpuMsOf(proxy.pid) - cpuBefore) / REQUESTS_PER_ROUND
      const streamDirect = await throughput(direct, stream)
      const streamProxied = await throughput(client, stream)
      const largeDirect = await elapsed(direct, large)
      const largeProxied = await elapsed(client, large)
      if (round > 0) {
        found.direct.push(...directMs)
        found.proxied.push(...proxiedMs)
        found.cpu.push(cpu)
        found.streamDirect.push(streamDirect)
        found.streamProxied.push(streamProxied)
        found.largeDirect.push(largeDirect)
        found.largeProxied.push(largeProxied)
      }
    }
    const rssMiB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${proxy.pid}/status`, 'latin1'))[1]) / 1024
    const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${proxy.pid}/status`, 'latin1'))[1]) / 1024
    const p99 = (samples) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.99)].toFixed(2)
    console.log(
      table(
        ['measured', 'direct: min / median / max', 'through the proxy: min / median / max'],
        [
          ['small chat request, ms', summary(found.direct, 2).text, summary(found.proxied, 2).text],
          ['the same, 99th percentile, ms', p99(found.direct), p99(found.proxied)],
          ['CPU of the proxy per small request, ms', '-', summary(found.cpu, 2).text],
          [
            `stream of ${STREAM_EVENTS} events, MiB/s`,
            summary(found.streamDirect).text,
            summary(found.streamProxied).text,
          ],
          ['31 MiB of content, ms', summary(found.largeDirect).text, summary(found.largeProxied).text],
        ],
      ),
    )
    console.log(`\nMemory of the proxy afterwards: ${rssMiB.toFixed(0)} MiB, at its peak ${peakMiB.toFixed(0)} MiB.`)
    client.close()
    direct.close()
  } finally {
    for (const child of children.toReversed()) {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
    rmSync(home, { recursive: true, force: true })
  }
}

async function latencies(client, content) {
  const samples = []
  for (let index = 0; index < REQUESTS_PER_ROUND; index++) {
    samples.push(await elapsed(client, content))
  }
  return samples
}

async function elapsed(client, content) {
  const begin = performance.now()
  const { status } = await client.ask(content)
  if (status !== 200) throw new Error(`answered with ${status}`)
  return performance.now() - begin
}

async function throughput(client, content) {
  const begin = performance.now()
  const { bytes } = await client.ask(content)
  return bytes / 1024 / 1024 / ((performance.now() - begin) / 1000)
}

function directClient(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async ask(content) {
      const body = Buffer.isBuffer(content) ? content : JSON.stringify(content)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const asking = request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions', agent, headers })
      asking.end(body)
      const [response] = await once(asking, 'response')
      let bytes = 0
      for await (const chunk of response) bytes += chunk.length
      return { status: response.statusCode, bytes }
    },
    close: () => agent.destroy(),
  }
}

function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S) * 1000
}
