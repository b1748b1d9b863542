import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import type { CliHome } from '../cli/run-cli.js'
import { testNeeding } from '../state/test-needing.js'
import { ask, askUntil } from './ask-inference.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET, sessionHome } from './session-home.js'

interface RouteText {
  readonly endpoint: string
  readonly model?: string
  readonly further?: string
}

function routeText({ endpoint, model = 'mock/echo', further = 'api_key_env: LOCAL_KEY' }: RouteText): string {
  return `# One route.
routes:
  - name: inference.local
    endpoint: ${endpoint}
    model: ${model}
    provider_type: mock
    ${further}
`
}

function writeRoutes(home: CliHome, text: string, mode = 0o600): string {
  const path = join(home.path, 'routes.yaml')
  // Whole or not at all: half a file would be news of its own.
  writeFileSync(`${path}.next`, text)
  chmodSync(`${path}.next`, mode)
  renameSync(`${path}.next`, path)
  return path
}

/** What `proxy run` says of a routes file that it does not take. */
async function refusal(home: CliHome, path: string): Promise<string> {
  const { code, stderr } = await home.run(['proxy', 'run', '--listen', '127.0.0.1:0', '--inference-routes', path])
  expect(code).toBe(1)
  return stderr
}

test('a routes file serves on a machine where nothing is stored, with the key of a variable', async () => {
  await using provider = await startMockProvider({ apiKey: SECRET })
  using home = sessionHome()
  const path = writeRoutes(home, routeText({ endpoint: provider.url }))
  await using proxy = await runProxyCommand(home, { args: ['--inference-routes', path], env: { LOCAL_KEY: SECRET } })

  const { status, headers } = await ask(proxy)

  expect(status).toBe(200)
  expect(headers['x-nemoclaw-provider']).toBe('mock')
  expect(provider.received[0]).toMatchObject({ model: 'mock/echo', headers: { authorization: `Bearer ${SECRET}` } })
  expect(await home.json(['proxy', 'status'])).toMatchObject({
    configuration: 'routes_file',
    routesFile: path,
    route: { source: 'routes_file', model: 'mock/echo' },
    problems: [],
  })
  expect(home.allText()).not.toContain(SECRET)
})

test('it replaces the stored configuration and says so', async () => {
  await using stored = await startMockProvider()
  await using provider = await startMockProvider()
  using home = await homeWithRoute(stored.url)
  const path = writeRoutes(home, routeText({ endpoint: provider.url, further: 'protocols: [openai_chat_completions]' }))
  await using proxy = await runProxyCommand(home, { args: ['--inference-routes', path] })

  expect((await ask(proxy)).status).toBe(200)
  expect(stored.received).toHaveLength(0)
  expect(provider.received[0]?.headers.authorization).toBeUndefined()
  expect(proxy.lines).toContainEqual(expect.objectContaining({ kind: 'config', action: 'routes_file', detail: path }))
})

test('a change is applied; a broken one is told with its place and keeps the last good one', async () => {
  await using provider = await startMockProvider()
  using home = sessionHome()
  // No key, which would be asked for again after a while: only the change itself can be the reason.
  const further = 'protocols: [openai_chat_completions]'
  const path = writeRoutes(home, routeText({ endpoint: provider.url, model: 'one', further }))
  await using proxy = await runProxyCommand(home, { args: ['--inference-routes', path] })
  await ask(proxy)

  const changedAt = performance.now()
  writeRoutes(home, routeText({ endpoint: provider.url, model: 'two', further }))
  await askUntil(proxy, ({ headers }) => headers['x-nemoclaw-model-served'] === 'two')
  const appliedMs = performance.now() - changedAt
  console.log(`a routes file's change is served after ${Math.round(appliedMs)} ms`)
  expect(appliedMs).toBeLessThan(8_000)

  let from = proxy.lines.length
  writeRoutes(home, routeText({ endpoint: provider.url, model: '[no, text]', further }))
  const broken = await proxy.line({ kind: 'config', action: 'kept_last_good' }, from)
  expect(broken['detail']).toBe(`${path}:5:12: "model" must be a text`)
  expect((await ask(proxy)).headers['x-nemoclaw-model-served']).toBe('two')
  const status = await home.json(['proxy', 'status'])
  expect(status).toMatchObject({ route: { model: 'two' }, problems: [broken['detail']] })

  // Mended to what is in force already: that it is no longer broken is news all the same.
  from = proxy.lines.length
  writeRoutes(home, routeText({ endpoint: provider.url, model: 'two', further }))
  await proxy.line({ kind: 'config', action: 'applied' }, from)
  expect(await home.json(['proxy', 'status'])).toMatchObject({ problems: [] })
})

test('a file that is removed, opened to others or replaced by a link keeps the last good route; its return is seen', async () => {
  await using provider = await startMockProvider()
  using home = sessionHome()
  const path = writeRoutes(home, routeText({ endpoint: provider.url, model: 'one' }))
  await using proxy = await runProxyCommand(home, { args: ['--inference-routes', path], env: { LOCAL_KEY: SECRET } })
  const kept = async (change: () => void, why: string) => {
    const from = proxy.lines.length
    change()
    const line = await proxy.line({ kind: 'config', action: 'kept_last_good' }, from)
    expect(line['detail']).toContain(why)
    expect((await ask(proxy)).headers['x-nemoclaw-model-served']).toBe('one')
  }

  await kept(() => renameSync(path, `${path}.away`), 'does not exist')
  await kept(() => writeRoutes(home, routeText({ endpoint: provider.url, model: 'evil' }), 0o666), 'other users')
  await kept(() => writeRoutes(home, `routes: [${'['.repeat(50_000)}`), 'nested too deeply')

  // As a mounted ConfigMap does it.
  writeFileSync(join(home.path, 'routes.2'), routeText({ endpoint: provider.url, model: 'two' }))
  symlinkSync('routes.2', `${path}.next`)
  renameSync(`${path}.next`, path)
  await askUntil(proxy, ({ headers }) => headers['x-nemoclaw-model-served'] === 'two')
})

test('a key of a file is picked up within seconds of its rewriting, and its loss fails closed', async () => {
  await using provider = await startMockProvider()
  using home = sessionHome()
  const keyFile = join(home.path, 'key')
  writeFileSync(keyFile, `${SECRET}\n`, { mode: 0o600 })
  const path = writeRoutes(home, routeText({ endpoint: provider.url, further: `credential: file:${keyFile}` }))
  await using proxy = await runProxyCommand(home, { args: ['--inference-routes', path] })
  await ask(proxy)
  expect(provider.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`)

  const changedAt = performance.now()
  writeFileSync(keyFile, 'sk-the-next-one\n')
  await askUntil(proxy, () => provider.received.at(-1)?.headers.authorization === 'Bearer sk-the-next-one')
  console.log(`a rewritten key file is used after ${Math.round(performance.now() - changedAt)} ms`)

  chmodSync(keyFile, 0o666)
  const { text } = await askUntil(proxy, ({ status }) => status === 503)
  expect(JSON.parse(text)).toMatchObject({
    error: { code: 'credential_unavailable', message: expect.stringContaining('nemoclaw doctor') },
  })
  expect(text).not.toContain(keyFile)
  expect(await home.json(['proxy', 'status'])).toMatchObject({ problems: [expect.stringContaining(keyFile)] })
})

test.each([
  ['its group', 0o660],
  ['everybody', 0o606],
])('a file that %s may write is refused', async (_, mode) => {
  using home = sessionHome()
  const path = writeRoutes(home, routeText({ endpoint: 'http://127.0.0.1:1/v1' }), mode)

  const refused = await refusal(home, path)

  expect(refused).toContain('can be written by other users')
  expect(refused).toContain(`chmod go-w ${path}`)
})

test('a file that is missing, no file, or a pipe that nobody writes to is refused at once', async () => {
  using home = sessionHome()
  const pipe = join(home.path, 'pipe')
  execFileSync('mkfifo', [pipe])

  expect(await refusal(home, join(home.path, 'nowhere.yaml'))).toContain('does not exist')
  expect(await refusal(home, home.path)).toContain('is not a plain file')
  expect(await refusal(home, pipe)).toContain('is not a plain file')
})

test('a mistake is told with file, line and column, and what is accepted', async () => {
  using home = sessionHome()
  const path = writeRoutes(home, routeText({ endpoint: 'http://127.0.0.1:1/v1', further: 'api_key: sk-in-clear-0123' }))

  const refused = await refusal(home, path)

  expect(refused).toMatch(/^Error: .*routes\.yaml:7:5: a literal "api_key" is not read from a file; .*api_key_env\n/)
  expect(refused).toContain('A route: { name: inference.local, ')
  expect(refused).not.toContain('sk-in-clear')
})

testNeeding(process.geteuid?.() === 0 ? [] : ['(run as root)'])(
  'a file that belongs to another user is refused',
  async () => {
    using home = sessionHome()
    const path = writeRoutes(home, routeText({ endpoint: 'http://127.0.0.1:1/v1' }))
    chownSync(path, 12_345, 12_345)

    expect(await refusal(home, path)).toContain(`${path} belongs to user 12345, and you are user 0`)
  },
)
