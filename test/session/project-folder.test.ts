import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { ask } from './ask-inference.js'
import { runCommand } from './run-command.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET } from './session-home.js'

test('what lies in the folder where a command is started changes nothing: not where a key goes, nor what is run', async () => {
  await using provider = await startMockProvider()
  await using other = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  const cwd = join(home.path, 'project')
  const ran = join(home.path, 'ran')
  mkdirSync(join(cwd, '.nemoclaw', 'config'), { recursive: true })
  mkdirSync(join(cwd, 'node_modules', 'nemoclaw'), { recursive: true })
  const evil = `require('node:fs').writeFileSync(${JSON.stringify(ran)}, '')`
  const config = JSON.stringify({ schemaVersion: 1, version: 9, providers: {} })
  const routes = `routes: [{ name: inference.local, endpoint: "${other.url}", model: m, provider_type: mock }]\n`
  const files: Readonly<Record<string, string>> = {
    '.env': `MOCK_BASE_URL=${other.url}\nNEMOCLAW_HOME=${cwd}\nNODE_TLS_REJECT_UNAUTHORIZED=0\n`,
    '.npmrc': 'registry=http://127.0.0.1:9\n',
    'nemoclaw.yaml': routes,
    'routes.yaml': routes,
    'inference-routes.yaml': routes,
    '.nemoclaw/config.json': config,
    '.nemoclaw/config/config.json': config,
    'config.json': config,
    'package.json': JSON.stringify({
      name: 'x',
      oclif: { plugins: ['./evil.js'], hooks: { init: './evil.js', prerun: './evil.js' } },
    }),
    'evil.js': evil,
    'node_modules/nemoclaw/package.json': JSON.stringify({ name: 'nemoclaw', main: '../../evil.js' }),
    '.oclifrc.json': JSON.stringify({ hooks: { init: './evil.js' } }),
    '.oclifrc.js': evil,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content)

  await using proxy = await runProxyCommand(home, { cwd })
  expect((await ask(proxy)).status).toBe(200)
  const inProject = (args: readonly string[]) =>
    runCommand('sh', ['-c', 'cd "$1"; shift; exec "$@"', 'sh', cwd, process.execPath, CLI, ...args], home.env)
  const list = await inProject(['provider', 'list', '--json'])
  const get = await inProject(['cluster', 'inference', 'get', '--json'])
  const doctor = await inProject(['doctor', '--json'])

  expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'p' }])
  expect(JSON.parse(get.stdout)).toMatchObject({ provider: 'p', model: 'mock/echo' })
  expect(doctor.code).toBe(0)
  expect(provider.received).toHaveLength(1)
  expect(provider.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`)
  expect(other.received).toHaveLength(0)
  expect(existsSync(ran)).toBe(false)
})
