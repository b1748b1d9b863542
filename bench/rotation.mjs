// How soon a running proxy serves what was changed: from the end of the command that changed it to the first request
// that the provider receives with the new key or model. A stream that was begun before has to keep its key.
//
//   npm run bench -- rotation [rounds]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { InferenceClient } from './inference-client.mjs'
import { summary, table } from './report.mjs'

const CLI = fileURLToPath(new URL('../packages/cli/bin/run.js', import.meta.url))

export async function benchRotation(rounds = 10) {
  const home = mkdtempSync(join(tmpdir(), 'nemoclaw-bench-'))
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    NEMOCLAW_HOME: home,
    NEMOCLAW_CREDENTIAL_STORE: 'file',
    NEMOCLAW_PASSPHRASE: 'bench',
  }
  const nemoclaw = async (argv, extra = {}) => {
    const child = spawn(process.execPath, [CLI, ...argv], { env: { ...environment, ...extra }, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`nemoclaw ${argv.join(' ')} failed`)
  }
  const provider = await startMockProvider({ pieceDelayMs: 400 })
  let proxy
  try {
    const key = (round) => ({ MOCK_API_KEY: `sk-bench-${String(round).padStart(8, '0')}` })
    const create = ['provider', 'create', 'bench', '--type', 'mock', '--base-url', provider.url]
    await nemoclaw([...create, '--credential', 'MOCK_API_KEY'], key(0))
    await nemoclaw(['cluster', 'inference', 'set', '--provider', 'bench', '--model', 'mock/echo', '--no-verify'])
    proxy = spawn(process.execPath, [CLI, 'proxy', 'run', '--listen', '127.0.0.1:0', '--log-format', 'json'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const listening = await new Promise((resolve) => {
      createInterface({ input: proxy.stdout }).on('line', (line) => line.includes('"listening"') && resolve(line))
    })
    const root = spawnSync(process.execPath, [CLI, 'ca', 'path'], { env: environment, encoding: 'utf8' }).stdout.trim()
    const client = await InferenceClient.open(JSON.parse(listening).url, root)

    const keyMs = []
    const modelMs = []
    let streamsKept = 0
    for (let round = 1; round <= rounds; round++) {
      const oldKey = key(round - 1).MOCK_API_KEY
      const stream = await InferenceClient.open(client.proxyUrl, root)
      const text = `the stream of round ${round}`
      let isOver = false
      const answered = stream
        .ask({ model: 'x', stream: true, messages: [{ role: 'user', content: text }] })
        .then((answer) => {
          isOver = true
          return answer
        })
      const isTheStream = ({ json }) => json?.messages?.[0]?.content === text
      while (!provider.received.some(isTheStream)) await delay(5)
      await nemoclaw(['provider', 'update', 'bench', '--credential', 'MOCK_API_KEY'], key(round))
      keyMs.push(
        await until(client, provider, ({ headers }) => headers.authorization === `Bearer ${key(round).MOCK_API_KEY}`),
      )
      const wasUnderWay = !isOver
      const { status } = await answered
      const sent = provider.received.filter(isTheStream)
      if (wasUnderWay && status === 200 && sent.length === 1 && sent[0].headers.authorization === `Bearer ${oldKey}`) {
        streamsKept++
      }
      stream.close()
      const model = round % 2 === 1 ? 'mock/text' : 'mock/echo'
      await nemoclaw(['cluster', 'inference', 'update', '--model', model, '--no-verify'])
      modelMs.push(await until(client, provider, ({ json }) => json?.model === model))
    }
    console.log(
      table(
        ['change', 'ms from the end of the command: min / median / max'],
        [
          ['`provider update --credential`', summary(keyMs, 1).text],
          ['`cluster inference update --model`', summary(modelMs, 1).text],
        ],
      ),
    )
    console.log(
      `\nStreams under way during the change that ended whole, with the key they began with: ${streamsKept} of ${rounds}.`,
    )
    client.close()
  } finally {
    if (proxy) {
      proxy.kill('SIGTERM')
      await once(proxy, 'exit')
    }
    await provider[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  }
}

/** Asks again and again, and gives up after 5 s. */
async function until(client, provider, isNew) {
  const begin = performance.now()
  while (performance.now() - begin < 5_000) {
    await client.ask({ model: 'x', messages: [{ role: 'user', content: 'short' }] })
    if (isNew(provider.received.at(-1))) return performance.now() - begin
  }
  throw new Error('the change was not served within 5 s')
}
