import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { ask } from './ask-inference.js'
import { runCommand } from './run-command.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET } from './session-home.js'

const PASSPHRASE = 'correct horse'

/** Looks at the arguments of every process of this machine, again and again, until disposed of. */
function watchArguments() {
  const seen = new Set<string>()
  const timer = setInterval(() => {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        seen.add(readFileSync(`/proc/${name}/cmdline`, 'utf8'))
      } catch {
        // It has ended.
      }
    }
  }, 5)
  return { seen, [Symbol.dispose]: () => clearInterval(timer) }
}

function sessionToken(home: { readonly env: Readonly<Record<string, string>> }): string {
  const folder = join(home.env['NEMOCLAW_HOME']!, 'data', 'sessions')
  const name = readdirSync(folder).find((entry) => entry.endsWith('.json'))
  return JSON.parse(readFileSync(join(folder, name!), 'utf8')).token
}

test('no secret is in the arguments of any process, whatever is run', async () => {
  await using provider = await startMockProvider()
  using watch = watchArguments()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)
  const token = sessionToken(home)
  await ask(proxy)
  for (const args of [
    ['env'],
    ['proxy', 'status'],
    ['doctor'],
    ['provider', 'get', 'p'],
    ['provider', 'verify', 'p'],
  ]) {
    await home.run(args)
  }
  const { code } = await runCommand(process.execPath, [CLI, 'demo'], { ...home.env, TMPDIR: home.path })
  expect(code).toBe(0)

  const all = [...watch.seen].join('\n')
  // It saw what it should have seen.
  for (const words of ['proxy\0run', 'mock\0serve', 'provider\0create', 'https://inference.local']) {
    expect(all).toContain(words)
  }
  for (const secret of [SECRET, PASSPHRASE, token]) expect(all).not.toContain(secret)
  expect(all).not.toMatch(/sk-demo-[0-9a-f]{24}/)
}, 60_000)

test('with DEBUG=* neither the proxy nor what asks it shows a secret; the token is in the environment alone', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  const debug = { DEBUG: '*', OCLIF_DEBUG: '1', NODE_DEBUG: 'module' }
  await using proxy = await runProxyCommand(home, { env: debug })
  const token = sessionToken(home)
  await ask(proxy)
  await ask(proxy, { model: 7 })
  const outputs = [proxy.output()]
  for (const args of [
    ['proxy', 'status'],
    ['proxy', 'status', '--json'],
    ['doctor'],
    ['doctor', '--json'],
    ['ca', 'show'],
    ['proxy', 'run', '--listen', `127.0.0.1:${proxy.port}`],
  ]) {
    const { stdout, stderr } = await home.run(args, { env: debug })
    outputs.push(stdout, stderr)
  }
  proxy.kill('SIGTERM')
  await proxy.ended
  outputs.push(proxy.output())

  expect(outputs.join('')).toContain('oclif')
  for (const secret of [SECRET, PASSPHRASE, token]) expect(outputs.join('')).not.toContain(secret)
}, 60_000)

test('no file of the state holds the key in clear, and only the session record its token', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)
  await ask(proxy)
  await home.run(['env'])
  const token = sessionToken(home)
  const text = home.allText()

  expect(text).not.toContain(SECRET)
  expect(text).not.toContain(PASSPHRASE)
  expect(text.split(token)).toHaveLength(2)
  proxy.kill('SIGTERM')
  await proxy.ended
  expect(home.allText()).not.toContain(token)
})
