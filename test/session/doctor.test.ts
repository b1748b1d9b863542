import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CaStore } from '../../packages/cli/src/ca/ca-store.js'
import { authorityFinding } from '../../packages/cli/src/doctor/state-findings.js'
import type { CliHome } from '../cli/run-cli.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, sessionHome, succeed } from './session-home.js'

interface Finding {
  readonly check: string
  readonly verdict: string
  readonly message: string
  readonly fix?: string
}

const stateOf = (home: CliHome, ...names: string[]) => join(home.env['NEMOCLAW_HOME']!, ...names)

/** What doctor says, its exit code checked against it. */
async function doctor(home: CliHome, env: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const { code, stdout } = await home.run(['doctor', '--json'], { env })
  const findings = JSON.parse(stdout) as readonly Finding[]
  expect(code).toBe(findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0)
  return findings
}

/** The failures that one fault makes; each has something to type. */
async function failures(home: CliHome, env: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const found = (await doctor(home, env)).filter(({ verdict }) => verdict === 'fail')
  for (const { fix } of found) expect(fix).toMatch(/\S/)
  return found
}

test('all is well: exit code 0, every check made, in JSON and for a person', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await succeed(home, ['policy', 'allow', 'example.com:443'])
  await using proxy = await runProxyCommand(home)
  const led = (await home.json(['env'])) as Record<string, string>

  const findings = await doctor(home, led)
  const { code, stdout } = await home.run(['doctor'], { env: led })

  expect(findings.map(({ check }) => check)).toEqual([
    'node',
    'tls-verification',
    'plugins',
    'configuration',
    'credential-store',
    'ca',
    'route',
    'provider',
    'policy',
    'proxy',
    'inference.local',
    'shell',
  ])
  expect(findings.slice(1).map(({ verdict }) => verdict)).toEqual(findings.slice(1).map(() => 'ok'))
  expect(findings.at(-2)?.message).toBe('CONNECT, TLS and /v1/models work; offered: mock/echo')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^✓ proxy {13}listens on http:/m)
  expect(JSON.stringify(findings) + stdout).not.toContain(new URL(led['HTTPS_PROXY']!).password)
  // It trusts the root of the CA, whatever the environment says of roots.
  expect((await doctor(home)).find(({ check }) => check === 'inference.local')?.verdict).toBe('ok')
  // It asks our own models, which cost nothing, and no provider.
  expect(provider.received).toEqual([])
  expect(proxy.lines.at(-1)).toMatchObject({ kind: 'exchange', path: '/v1/models', status: 200 })
})

test('on a fresh machine nothing is wrong yet, nothing is made, and each unmade check says why', async () => {
  using home = sessionHome()

  const findings = await doctor(home)

  expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([])
  expect(findings.filter(({ verdict }) => verdict === 'skip').map(({ check }) => check)).toEqual([
    'credential-store',
    'ca',
    'route',
    'provider',
    'policy',
    'proxy',
    'inference.local',
    'shell',
  ])
  expect(readdirSync(home.env['NEMOCLAW_HOME']!)).toEqual(['cache'])
})

test('a provider that is down, and a routes file that replaces the stored route', async () => {
  using home = await homeWithRoute('http://127.0.0.1:9/v1')

  expect(await failures(home)).toMatchObject([
    {
      check: 'provider',
      message: 'http://127.0.0.1:9 does not answer (ECONNREFUSED)',
      fix: expect.stringContaining('nemoclaw provider verify'),
    },
  ])

  const path = join(home.path, 'routes.yaml')
  const route = 'name: inference.local, endpoint: http://127.0.0.1:9/v1, model: from-file, provider_type: mock'
  writeFileSync(path, `routes: [{ ${route} }]\n`, { mode: 0o600 })
  await using _proxy = await runProxyCommand(home, { args: ['--inference-routes', path] })
  const found = await doctor(home)
  expect(found.find(({ check }) => check === 'route')?.message).toContain('instead of the stored route')
  expect(found.find(({ check }) => check === 'provider')?.verdict).toBe('skip')
})

test('a policy file that cannot be used, whether or not a proxy runs with the last good one', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await succeed(home, ['policy', 'allow', 'example.com:443'])
  const { file } = (await home.json(['policy', 'show'])) as { file: string }
  await using proxy = await runProxyCommand(home)

  writeFileSync(file, 'version: 1\nnetwork_policies: { a: { endpoints: [{ host: "*", port: 443 }] } }\n', {
    mode: 0o600,
  })
  await proxy.line({ kind: 'config', action: 'kept_last_good' })

  const why = expect.stringContaining('policy.yaml:2:')
  expect(await failures(home)).toMatchObject([
    { check: 'policy', message: why, fix: `nemoclaw policy validate ${file}` },
    { check: 'proxy', message: why },
  ])
  await proxy[Symbol.asyncDispose]()
  expect(await failures(home)).toMatchObject([{ check: 'policy', message: why }])
})

test('verification that is switched off', async () => {
  using home = sessionHome()

  expect(await failures(home, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject([
    { check: 'tls-verification', fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED' },
  ])
})

test('a provider plugin that fails', async () => {
  using home = sessionHome()
  const plugin = join(home.path, 'plugin')
  mkdirSync(plugin)
  writeFileSync(join(plugin, 'hook.js'), "throw new Error('broken on purpose')")
  const oclif = { hooks: { 'nemoclaw:inference-provider': './hook.js' } }
  writeFileSync(join(plugin, 'package.json'), JSON.stringify({ name: 'broken-plugin', version: '1.0.0', oclif }))
  mkdirSync(stateOf(home, 'data'), { recursive: true })
  const linked = { oclif: { schema: 1, plugins: [{ type: 'link', name: 'broken-plugin', root: plugin }] } }
  writeFileSync(stateOf(home, 'data', 'package.json'), JSON.stringify(linked))

  expect(await failures(home)).toMatchObject([
    {
      check: 'plugins',
      message: expect.stringContaining('broken on purpose'),
      fix: 'nemoclaw plugins uninstall broken-plugin',
    },
  ])
})

test('a configuration that is broken, or that others can write', async () => {
  using home = await homeWithRoute('http://127.0.0.1:9/v1')
  const path = stateOf(home, 'config', 'config.json')
  const good = readFileSync(path)

  writeFileSync(path, '{"schemaVersion":1')
  expect((await failures(home))[0]).toMatchObject({
    check: 'configuration',
    message: expect.stringContaining('config.json is not valid JSON'),
    fix: expect.stringMatching(/^Mend .*config\.json/),
  })

  writeFileSync(path, good)
  chmodSync(path, 0o666)
  expect((await failures(home))[0]).toMatchObject({ check: 'configuration', fix: expect.stringContaining('chmod 600') })
})

test('a keychain that was chosen and does not answer any more', async () => {
  using home = sessionHome()
  mkdirSync(stateOf(home, 'config'), { recursive: true, mode: 0o700 })
  const choice = { v: 1, kind: 'keychain', because: 'it answers' }
  writeFileSync(stateOf(home, 'config', 'credential-store.json'), JSON.stringify(choice), { mode: 0o600 })

  expect(await failures(home, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' })).toMatchObject([
    { check: 'credential-store', message: expect.stringMatching(/keychain/i) },
  ])
})

test('a CA whose key others could have read', async () => {
  using home = sessionHome()
  await succeed(home, ['ca', 'path'])
  chmodSync(stateOf(home, 'data', 'ca', 'authority-1', 'intermediate-key.pem'), 0o644)

  expect(await failures(home)).toMatchObject([
    { check: 'ca', message: expect.stringContaining('intermediate-key.pem') },
  ])
})

test('a CA that is not valid yet, because the clock is wrong, and one that ends soon', async () => {
  using home = sessionHome()
  await succeed(home, ['ca', 'path'])
  const path = stateOf(home, 'data', 'ca')
  const store = new CaStore({ path, shownAs: path })
  const day = 86_400_000
  const notAfter = (await store.read())!.notAfter.getTime()

  expect(await authorityFinding(store, new Date(Date.now() - 30 * day))).toMatchObject({
    verdict: 'fail',
    fix: 'Set the clock: date -u',
  })
  expect(await authorityFinding(store, new Date(notAfter - day))).toMatchObject({
    verdict: 'warn',
    fix: 'nemoclaw proxy run',
  })
  expect(await authorityFinding(store, new Date())).toMatchObject({ verdict: 'ok' })
})

test.each<[string, (home: CliHome) => Promise<Readonly<Record<string, string>>>, RegExp, RegExp]>([
  [
    'another passphrase than the one it was sealed with',
    async () => ({ NEMOCLAW_PASSPHRASE: 'another one' }),
    /NEMOCLAW_PASSPHRASE does not open/,
    /export NEMOCLAW_PASSPHRASE=/,
  ],
  [
    'a deleted provider',
    async (home) => {
      await succeed(home, ['provider', 'delete', 'p', '--force'])
      return {}
    },
    /provider "p", which was deleted/,
    /nemoclaw cluster inference/,
  ],
  [
    'a base URL that the key was not entered for',
    async (home) => {
      await succeed(home, ['provider', 'update', 'p', '--base-url', 'http://127.0.0.1:10/v1'])
      return {}
    },
    /was entered for http:\/\/127\.0\.0\.1:9 and is not sent to http:\/\/127\.0\.0\.1:10/,
    /nemoclaw provider update p --credential MOCK_API_KEY/,
  ],
  [
    'a variable that is not set where the proxy would run',
    async (home) => {
      await succeed(home, ['provider', 'update', 'p', '--credential', 'MOCK_API_KEY=env:NOT_SET', '--no-verify'])
      return {}
    },
    /the environment variable NOT_SET is not set/,
    /export NOT_SET=/,
  ],
])('a route that cannot be resolved: %s', async (_, injectFault, message, fix) => {
  using home = await homeWithRoute('http://127.0.0.1:9/v1')

  expect(await failures(home, await injectFault(home))).toEqual([
    { check: 'route', verdict: 'fail', message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
  ])
})

test('a proxy that could not apply the newest configuration, and one that does not answer', async () => {
  using home = await homeWithRoute('http://127.0.0.1:9/v1')
  await using proxy = await runProxyCommand(home)
  const path = stateOf(home, 'config', 'config.json')
  const good = readFileSync(path)

  writeFileSync(path, 'broken')
  await proxy.line({ action: 'kept_last_good' })
  expect(await failures(home)).toContainEqual({
    check: 'proxy',
    verdict: 'fail',
    message: expect.stringContaining('config.json is not valid JSON'),
    fix: 'nemoclaw proxy status',
  })
  writeFileSync(path, good)
  await proxy.line({ action: 'applied' })

  proxy.kill('SIGSTOP')
  const found = await failures(home)
  proxy.kill('SIGCONT')
  expect(found).toContainEqual({
    check: 'proxy',
    verdict: 'fail',
    message: `the proxy with pid ${proxy.pid} does not answer`,
    fix: `See what it does: ps -fp ${proxy.pid}`,
  })
}, 60_000)

test('a proxy that serves with a CA which is no longer there, or was made anew', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)
  const again = { check: 'inference.local', fix: `End it and start it again: kill ${proxy.pid}; nemoclaw proxy run` }

  renameSync(stateOf(home, 'data', 'ca'), stateOf(home, 'data', 'ca.old'))
  expect(await failures(home)).toMatchObject([{ ...again, message: expect.stringContaining('ca.pem is gone') }])

  await succeed(home, ['ca', 'path'])
  expect(await failures(home)).toMatchObject([{ ...again, message: expect.stringContaining('not reached: ') }])
})

test('a shell that was led to an earlier proxy, and one whose NO_PROXY leads around it', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  const earlier = await runProxyCommand(home)
  const outdated = (await home.json(['env'])) as Record<string, string>
  await earlier[Symbol.asyncDispose]()
  await using _proxy = await runProxyCommand(home)
  const led = (await home.json(['env'])) as Record<string, string>

  expect(await failures(home, outdated)).toMatchObject([{ check: 'shell', fix: 'eval "$(nemoclaw env)"' }])
  expect(await failures(home, { ...led, NO_PROXY: 'localhost,.local' })).toMatchObject([
    { check: 'shell', message: expect.stringContaining('NO_PROXY'), fix: 'eval "$(nemoclaw env)"' },
  ])
})

test('a folder of sessions that others could write to', async () => {
  using home = sessionHome()
  mkdirSync(stateOf(home, 'data', 'sessions'), { recursive: true, mode: 0o700 })
  chmodSync(stateOf(home, 'data', 'sessions'), 0o777)

  const found = await failures(home)

  expect(found.map(({ check }) => check)).toEqual(['proxy', 'inference.local', 'shell'])
  expect(found[0]?.fix).toContain('chmod 700')
  rmSync(stateOf(home, 'data', 'sessions'), { recursive: true })
  expect(await failures(home)).toEqual([])
})
