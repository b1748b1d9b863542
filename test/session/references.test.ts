import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import type { CliHome } from '../cli/run-cli.js'
import { ask, askUntil } from './ask-inference.js'
import { runProxyCommand } from './run-proxy-command.js'
import { SECRET, sessionHome, succeed } from './session-home.js'

/** A state whose provider `p` has its key from a reference, and a route to it. */
async function homeWithReference(baseUrl: string, reference: string): Promise<CliHome> {
  const home = sessionHome()
  const create = ['provider', 'create', '--name', 'p', '--type', 'mock', '--base-url', baseUrl, '--no-verify']
  await succeed(home, [...create, '--credential', `MOCK_API_KEY=${reference.replace('HOME', home.path)}`])
  await succeed(home, ['cluster', 'inference', 'set', '--provider', 'p', '--model', 'mock/echo', '--no-verify'])
  return home
}

/** A program that writes down each run and then does `action`. */
function writeSource(home: CliHome, action: string): void {
  const path = join(home.path, 'source')
  writeFileSync(path, `#!/bin/sh\necho "$$ $(pwd) $(env | sort | tr '\\n' ' ')" >> '${home.path}/runs'\n${action}\n`)
  chmodSync(path, 0o700)
}

const runsOf = (home: CliHome) => readFileSync(join(home.path, 'runs'), 'utf8').trimEnd().split('\n')

test('exec: runs a program once for many requests, in / and with next to no environment; its error output is nowhere', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'exec:HOME/source')
  writeSource(home, `echo 'sk-on-standard-error' >&2; echo '${SECRET}'`)
  await using proxy = await runProxyCommand(home, { env: { OTHER_SECRET: 'not-for-the-source' } })

  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(proxy)))
  // Past the time for which the proxy itself keeps what it was given.
  await new Promise((resolve) => setTimeout(resolve, 5_500))
  await ask(proxy)

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(provider.received.map(({ headers }) => headers.authorization)).toEqual(Array(9).fill(`Bearer ${SECRET}`))
  const [run, ...more] = runsOf(home)
  expect(more).toEqual([])
  expect(run).toMatch(/^\d+ \/ /)
  expect(run).not.toMatch(/OTHER_SECRET|NEMOCLAW_|correct horse/)
  expect(proxy.output()).not.toContain('sk-on-standard-error')
  expect(proxy.output()).not.toContain(SECRET)
}, 60_000)

test('exec: that fails is a 503 that says how to find out why, and is not run for each request', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'exec:HOME/source')
  writeSource(home, 'echo sk-on-standard-error >&2; exit 3')
  await using proxy = await runProxyCommand(home)

  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(proxy)))

  for (const { status, text } of answers) {
    expect(status).toBe(503)
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'credential_unavailable', message: expect.stringContaining('nemoclaw doctor') },
    })
    expect(text).not.toContain(home.path)
  }
  expect(provider.received).toEqual([])
  expect(runsOf(home)).toHaveLength(1)
  expect(await home.json(['proxy', 'status'])).toMatchObject({
    problems: [expect.stringContaining('ended with exit code 3')],
  })
  expect(proxy.output()).not.toContain('sk-on-standard-error')

  // Mended, it is used as soon as the failure is forgotten.
  writeSource(home, `echo '${SECRET}'`)
  await askUntil(proxy, ({ status }) => status === 200)
}, 60_000)

test('exec: that hangs is ended after 10 s with all that it started, and the proxy serves on', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'exec:HOME/source')
  writeSource(home, `sleep 300 & echo $! >> '${home.path}/started'; sleep 300`)
  await using proxy = await runProxyCommand(home)

  const startedAt = performance.now()
  const { status, text } = await ask(proxy)
  const seconds = (performance.now() - startedAt) / 1000

  console.log(`a source that hangs is given up after ${seconds.toFixed(1)} s`)
  expect([status, seconds < 12]).toEqual([503, true])
  expect(text).toContain('credential_unavailable')
  const started = [
    ...runsOf(home).map((line) => line.split(' ')[0]!),
    readFileSync(join(home.path, 'started'), 'utf8').trim(),
  ]
  expect(started.filter((pid) => isRunning(pid))).toEqual([])
}, 60_000)

test.each([
  ['more than 64 KiB', 'head -c 10000000 /dev/zero | tr "\\0" x', 'wrote more than 65536 bytes'],
  ['two lines', 'printf "sk-one\\nsk-two\\n"', 'gives '],
  ['nothing', 'true', 'gives '],
])('exec: that writes %s is not used as a key', async (_, action, problem) => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'exec:HOME/source')
  writeSource(home, action)
  await using proxy = await runProxyCommand(home)

  expect((await ask(proxy)).status).toBe(503)
  expect(provider.received).toEqual([])
  expect(await home.json(['proxy', 'status'])).toMatchObject({ problems: [expect.stringContaining(problem)] })
})

test("env: is of the proxy's own environment, not of who stored it", async () => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'env:PROXY_KEY')
  await using without = await runProxyCommand(home)
  await using proxy = await runProxyCommand(home, { env: { PROXY_KEY: SECRET } })

  expect((await ask(without)).status).toBe(503)
  expect((await ask(proxy)).status).toBe(200)
  expect(provider.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`)
  expect(existsSync(join(home.path, 'runs'))).toBe(false)
  expect(home.allText()).not.toContain(SECRET)
})

test('file: is used anew within seconds of its rewriting, and not at all once others can write it', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithReference(provider.url, 'file:HOME/key')
  const path = join(home.path, 'key')
  writeFileSync(path, `${SECRET}\n`, { mode: 0o600 })
  await using proxy = await runProxyCommand(home)
  await ask(proxy)
  expect(provider.received.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`)

  const changedAt = performance.now()
  writeFileSync(path, 'sk-rotated-9876543210\n')
  await askUntil(proxy, () => provider.received.at(-1)?.headers.authorization === 'Bearer sk-rotated-9876543210')
  console.log(`a rewritten file: key is used after ${Math.round(performance.now() - changedAt)} ms`)

  chmodSync(path, 0o602)
  const { text } = await askUntil(proxy, ({ status }) => status === 503)
  expect(text).toContain('credential_unavailable')
}, 60_000)

function isRunning(pid: string): boolean {
  return readdirSync('/proc').includes(pid) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
