import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { cliHome } from './run-cli.js'

async function homeWithTwo() {
  const home = cliHome({ KEY: 'sk-list-0123456789' })
  await home.run(['provider', 'create', 'zeta', '--type', 'openai', '--credential', 'OPENAI_API_KEY=env:KEY'])
  await home.run([
    'provider',
    'create',
    'alpha',
    '--type',
    'mock',
    '--credential',
    'MOCK_API_KEY=env:KEY',
    '--config',
    'A=b',
    '--header',
    'X-T: u',
  ])
  await home.run(['cluster', 'inference', 'set', '--provider', 'alpha', '--model', 'm', '--no-verify'])
  return home
}

test('an empty list is empty for a program and a hint for a person', async () => {
  using home = cliHome()

  expect(await home.run(['provider', 'list'])).toEqual({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('nemoclaw provider create'),
  })
  expect(await home.json(['provider', 'list'])).toEqual([])
  expect((await home.run(['provider', 'list', '-o', 'name'])).stdout).toBe('')
})

test('every format shows the same, sorted by name', async () => {
  using home = await homeWithTwo()
  const list = (...args: string[]) => home.run(['provider', 'list', ...args])

  const json = await home.json(['provider', 'list'])
  const [table, yaml, minusO, names, minusName] = await Promise.all([
    list(),
    list('-o', 'yaml'),
    list('-o', 'json'),
    list('--names'),
    list('-o', 'name'),
  ])

  expect(json).toMatchObject([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'alpha',
      type: 'mock',
      baseUrl: 'http://127.0.0.1:4141/v1',
      credentials: [{ key: 'MOCK_API_KEY', kept: 'env:KEY' }],
      config: { A: 'b' },
      headers: [['X-T', 'u']],
      routes: ['inference.local'],
    },
    { name: 'zeta', type: 'openai', routes: [] },
  ])
  expect(JSON.parse(minusO.stdout)).toEqual(json)
  expect(parse(yaml.stdout)).toEqual(json)
  expect(names.stdout).toBe('alpha\nzeta\n')
  expect(minusName.stdout).toBe(names.stdout)
  expect(table.stdout.split('\n')).toEqual([
    expect.stringMatching(/^NAME +TYPE +BASE URL +CREDENTIALS +CONFIG +HEADERS +ROUTES +ID$/),
    expect.stringMatching(
      /^alpha +mock +http:\/\/127\.0\.0\.1:4141\/v1 +MOCK_API_KEY \(env:KEY\) +A=b +X-T: u +inference\.local +[0-9a-f-]{36}$/,
    ),
    expect.stringMatching(/^zeta +openai +https:\/\/api\.openai\.com\/v1 +OPENAI_API_KEY \(env:KEY\) +- +- +- +/),
    '',
  ])
}, 60_000)

test('get shows one, and where its credentials are kept', async () => {
  using home = cliHome({ KEY: 'sk-list-0123456789' })
  await home.run(['provider', 'create', 'p', '--type', 'mock', '--credential', 'KEY'])

  const { code, stdout } = await home.run(['provider', 'get', '--name', 'p'])

  expect(code).toBe(0)
  expect(stdout).toMatch(/^Name: +p$/m)
  expect(stdout).toMatch(/^Credentials: +KEY \(file, fingerprint [0-9a-f]{16}\)$/m)
  expect(stdout).toMatch(/^Kept in: +the sealed file, because: NEMOCLAW_CREDENTIAL_STORE says so$/m)
})

test('get of one that is not there', async () => {
  using home = cliHome()

  expect(await home.run(['provider', 'get', 'constructor'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("provider 'constructor' does not exist"),
  })
})

test('types shows what the plugins contribute', async () => {
  using home = cliHome()

  expect(await home.json(['provider', 'types'])).toMatchObject([
    {
      type: 'anthropic',
      package: '@nemoclaw/provider-anthropic',
      protocols: expect.arrayContaining(['anthropic_messages']),
    },
    { type: 'mock' },
    {
      type: 'nvidia',
      baseUrl: 'https://integrate.api.nvidia.com/v1',
      environment: ['NVIDIA_API_KEY', 'NVIDIA_BASE_URL'],
    },
    { type: 'openai' },
  ])
  expect((await home.run(['provider', 'types', '-o', 'name'])).stdout).toBe('anthropic\nmock\nnvidia\nopenai\n')
})
