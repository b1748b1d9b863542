import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { cliHome } from '../cli/run-cli.js'
import { runCommand } from './run-command.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET, sessionHome } from './session-home.js'

test('env gives a shell all that curl needs, no credential, and the way through the proxy whatever was inherited', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)

  const { code, stdout } = await home.run(['env'])
  expect(code).toBe(0)
  expect(stdout).not.toContain(SECRET)
  expect(stdout).not.toContain('correct horse')
  const json = (await home.json(['env'])) as Record<string, string>
  expect(new URL(json['HTTPS_PROXY']!).port).toBe(String(proxy.port))

  // A shell that has nothing but what it was given, and lists that lead around the proxy.
  const asked = await runCommand(
    'sh',
    ['-c', 'eval "$1"; exec curl -sS -i --max-time 20 "$OPENAI_BASE_URL/models"', 'sh', stdout],
    {
      PATH: process.env['PATH'] ?? '',
      NO_PROXY: 'inference.local',
      no_proxy: '*',
      HTTPS_PROXY: 'http://127.0.0.1:9',
    },
  )
  expect(asked.stderr).toBe('')
  expect(asked.stdout).toContain('HTTP/1.1 200 OK')
  expect(asked.stdout).toContain('"object":"list"')
})

test('what env prints survives a shell to the letter, wherever the state is', async () => {
  using outer = sessionHome()
  const odd = join(outer.path, `it's a "home" $HOME $(touch pwned) \`id\` \\ %s%% \u00fc*; #\n!`)
  mkdirSync(odd)
  using home = cliHome({ ...outer.env, NEMOCLAW_HOME: odd, TMPDIR: outer.path })
  await using _proxy = await runProxyCommand(home)

  const { stdout } = await home.run(['env'])
  const json = (await home.json(['env'])) as Record<string, string>
  const seen = execFileSync('sh', ['-c', 'eval "$1"; env -0', 'sh', stdout], {
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: outer.path,
  })
  const variables = new Map(
    seen
      .toString('utf8')
      .split('\0')
      .map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]),
  )

  expect(json['NODE_EXTRA_CA_CERTS']).toBe(join(odd, 'data', 'ca', 'ca.pem'))
  for (const [name, value] of Object.entries(json)) expect([name, variables.get(name)]).toEqual([name, value])
  expect(readdirSync(outer.path)).not.toContain('pwned')
})

test('a path too long for a Unix socket is no obstacle', async () => {
  using outer = sessionHome()
  const long = join(outer.path, 'x'.repeat(120))
  using home = cliHome({ ...outer.env, NEMOCLAW_HOME: long, TMPDIR: outer.path })
  await using proxy = await runProxyCommand(home)

  expect(await home.json(['proxy', 'status'])).toMatchObject({ url: proxy.url })
  // In a folder of its own: what is too long is cut off by the kernel's interface, and the socket is then anywhere.
  const own = readdirSync(outer.path).filter((name) => name.startsWith('nemoclaw-'))
  expect(own).toHaveLength(1)
  expect(statSync(join(outer.path, own[0]!)).mode & 0o777).toBe(0o700)
  expect(readdirSync(outer.path).toSorted()).toEqual([...own, 'state', 'x'.repeat(120)])
  proxy.kill('SIGTERM')
  expect(await proxy.ended).toEqual([0, null])
  expect(readdirSync(outer.path).toSorted()).toEqual(['state', 'x'.repeat(120)])

  await using killed = await runProxyCommand(home)
  killed.kill('SIGKILL')
  await killed.ended
  expect((await home.run(['env'])).stderr).toContain(`(pid ${killed.pid}) was killed`)
  expect(readdirSync(outer.path).toSorted()).toEqual(['state', 'x'.repeat(120)])
})

test('status shows where it listens, what it serves, its revision and since when, and asks for no first exchange', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)

  const status = await home.json(['proxy', 'status'])
  const { stdout } = await home.run(['proxy', 'status'])

  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(status).toEqual({
    pid: proxy.pid,
    url: proxy.url,
    startedAt: time,
    clientUrls: {},
    exchangesUnderWay: 0,
    tunnelsOpen: 0,
    policy: { file: expect.stringMatching(/policy\.yaml$/), exists: false, policies: 0, endpoints: 0 },
    configuration: 'stored',
    configVersion: 2,
    route: {
      provider: 'p',
      model: 'mock/echo',
      source: 'configured',
      revision: expect.stringMatching(/^[0-9a-f]{12}$/),
      resolvedAt: time,
    },
    problems: [],
  })
  for (const text of [proxy.url, String(proxy.pid), 'inference.local -> p, mock/echo', 'version 2']) {
    expect(stdout).toContain(text)
  }
  expect(provider.received).toEqual([])
})

test('the revision changes with the key, and back with it', async () => {
  using home = await homeWithRoute('http://127.0.0.1:9/v1')
  await using _proxy = await runProxyCommand(home)
  const revision = async () =>
    ((await home.json(['proxy', 'status'])) as { route: { revision: string } }).route.revision
  const setKey = (MOCK_API_KEY: string) =>
    home.json(['provider', 'update', 'p', '--credential', 'MOCK_API_KEY'], { env: { MOCK_API_KEY } })
  const before = await revision()

  await setKey('sk-another-0123456789')
  await expect.poll(revision, { timeout: 5_000 }).not.toBe(before)
  await setKey(SECRET)
  await expect.poll(revision, { timeout: 5_000 }).toBe(before)
})

test('ca path and ca show name the root that openssl sees, and the proxy serves with', async () => {
  using home = sessionHome()

  const path = (await home.run(['ca', 'path'])).stdout.trim()
  const shown = (await home.json(['ca', 'show'])) as { rootFingerprint: string; rootPath: string }
  const { stdout } = await home.run(['ca', 'show'])

  const said = execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256', '-in', path], { encoding: 'utf8' })
  expect(shown).toMatchObject({ rootPath: path, rootFingerprint: said.trim().split('=')[1] })
  expect(stdout).toContain(shown.rootFingerprint)
  expect((await home.run(['ca', 'show', '-o', 'name'])).stdout.trim()).toBe(shown.rootFingerprint)

  await using _proxy = await runProxyCommand(home)
  expect(((await home.json(['env'])) as Record<string, string>)['NODE_EXTRA_CA_CERTS']).toBe(path)
  const bundle = readFileSync(((await home.json(['env'])) as Record<string, string>)['SSL_CERT_FILE']!, 'utf8')
  expect(bundle).toContain(readFileSync(path, 'utf8').trim())
})

test('without a proxy there is no environment: exit code 1, nothing for eval, and what to type', async () => {
  using home = sessionHome()

  const { code, stdout, stderr } = await home.run(['env'])

  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toBe('Error: no proxy is running\n  Start it: nemoclaw proxy run\n')
  expect(spawnSync('sh', ['-c', `eval '${stdout}'`]).status).toBe(0)
})

test('a record that is not whole, or of others, is no session', async () => {
  using home = sessionHome()
  await using _proxy = await runProxyCommand(home)
  const sessions = join(home.env['NEMOCLAW_HOME']!, 'data', 'sessions')
  const [name] = readdirSync(sessions).filter((entry) => entry.endsWith('.json'))
  const path = join(sessions, name!)
  const whole = readFileSync(path, 'utf8')

  for (const damaged of ['', '{', 'null', '[]', '{"id":1}', whole.replace(/"url":"[^"]*"/, '"url":"not a url"')]) {
    writeFileSync(path, damaged)
    expect((await home.run(['env'])).stderr).toContain('no proxy is running')
  }

  writeFileSync(path, whole, { mode: 0o600 })
  renameSync(path, `${path}.old`)
  writeFileSync(path, whole, { mode: 0o644 })
  const { code, stderr } = await home.run(['env'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('can be read by other users')])
})
