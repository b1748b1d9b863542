import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { cliHome } from './run-cli.js'

const INFERENCE = ['cluster', 'inference']
const NOT_CONFIGURED =
  "Error: cluster inference is not configured; run 'nemoclaw cluster inference set --provider <name> --model <id>'\n"

async function homeWithProvider(url: string) {
  const home = cliHome({ KEY: 'sk-route-0123456789' })
  await home.run([
    'provider',
    'create',
    'p',
    '--type',
    'mock',
    '--credential',
    'MOCK_API_KEY=env:KEY',
    '--base-url',
    url,
  ])
  return home
}

test('nothing is configured at first, and every command says how to', async () => {
  using home = cliHome()

  for (const args of [['get'], ['update', '--model', 'm', '--no-verify'], ['unset']]) {
    expect(await home.run([...INFERENCE, ...args])).toEqual({ code: 1, stdout: '', stderr: NOT_CONFIGURED })
  }
})

test('set asks the provider, writes, and says what it did', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithProvider(provider.url)

  const { code, stdout } = await home.run([...INFERENCE, 'set', '--provider', 'p', '--model', 'some/model'])

  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      '✓ Inference configured',
      '',
      '  Route: inference.local',
      '  Provider: p',
      '  Model: some/model',
      '  Version: 1',
      '  Validated endpoints:',
      `    - ${provider.url}/chat/completions (openai_chat_completions)`,
      '',
    ].join('\n'),
  )
  expect(provider.received).toHaveLength(1)
  expect(provider.received[0]).toMatchObject({
    json: { model: 'some/model', max_tokens: 32 },
    headers: { authorization: 'Bearer sk-route-0123456789' },
  })
  expect(await home.json([...INFERENCE, 'get'])).toMatchObject({
    route: 'inference.local',
    source: 'configured',
    provider: 'p',
    model: 'some/model',
    version: 1,
    connectTimeoutMs: 10_000,
    firstByteTimeoutMs: 300_000,
    idleTimeoutMs: 300_000,
    serverTools: 'allow',
  })
})

test('where the provider refuses, nothing is written, and the report has a class and a next step', async () => {
  await using provider = await startMockProvider({ apiKey: 'another' })
  using home = await homeWithProvider(provider.url)

  const { code, stdout } = await home.run([...INFERENCE, 'set', '--provider', 'p', '--model', 'm', '--json'])

  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toEqual({
    error: {
      code: 'ERR_VERIFICATION_CREDENTIAL_REJECTED',
      message: expect.stringMatching(
        /^verification failed \(credential_rejected\): the provider refused the credential \(401\): /,
      ),
      suggestions: [
        'Enter it again: nemoclaw provider update p --credential KEY',
        'To set it all the same: --no-verify',
      ],
    },
  })
  expect(stdout).not.toContain('sk-route')
  expect(await home.run([...INFERENCE, 'get'])).toMatchObject({ code: 1 })
})

test('--no-verify asks nobody, and says so', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9/v1')

  const { code, stdout } = await home.run([...INFERENCE, 'set', '--provider', 'p', '--model', 'm', '--no-verify'])

  expect(code).toBe(0)
  expect(stdout).toContain('  Not verified (--no-verify)\n')
})

test('update changes what it names, set begins anew; the version counts both', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9/v1')
  await home.run([
    ...INFERENCE,
    'set',
    '--provider',
    'p',
    '--model',
    'm',
    '--no-verify',
    '--connect-timeout',
    '2.5',
    '--server-tools',
    'deny',
  ])

  expect(await home.json([...INFERENCE, 'update', '--idle-timeout', '60', '--no-verify'])).toMatchObject({ version: 2 })
  expect(await home.json([...INFERENCE, 'get'])).toMatchObject({
    model: 'm',
    version: 2,
    connectTimeoutMs: 2500,
    idleTimeoutMs: 60_000,
    serverTools: 'deny',
  })
  expect(await home.json([...INFERENCE, 'set', '--provider', 'p', '--model', 'n', '--no-verify'])).toMatchObject({
    route: 'inference.local',
    provider: 'p',
    model: 'n',
    version: 3,
    verified: false,
    validatedEndpoints: [],
  })
  expect(await home.json([...INFERENCE, 'get'])).toMatchObject({ connectTimeoutMs: 10_000, serverTools: 'allow' })
})

test.each([
  [['update'], 'nothing to change: name at least one option, e.g. --model'],
  [['update', '--no-verify'], 'nothing to change: name at least one option, e.g. --model'],
  [['set', '--provider', 'p'], 'Missing required flag model'],
  [['set', '--provider', 'p', '--model', ''], 'a model name has 1 to 256 characters'],
  [['set', '--provider', 'p', '--model', 'm', '--idle-timeout', '0'], '--idle-timeout is a number of seconds'],
  [
    ['set', '--provider', 'p', '--model', 'm', '--server-tools', 'maybe'],
    'Expected --server-tools=maybe to be one of: allow, deny',
  ],
  [['get', '-o', 'xml'], 'Expected --output=xml to be one of: table, json, yaml, name'],
  [['get', '--nope'], 'Nonexistent flag: --nope'],
])('%j is a mistake in the call', async (args, text) => {
  using home = cliHome()

  expect(await home.run([...INFERENCE, ...args])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(text),
  })
})

test('a provider that does not exist is refused before it is asked', async () => {
  using home = cliHome()

  expect(await home.run([...INFERENCE, 'set', '--provider', 'nope', '--model', 'm'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("provider 'nope' does not exist"),
  })
})

test('inference ... is the same as cluster inference ..., and not in the help', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9/v1')

  expect((await home.run(['inference', 'set', '--provider', 'p', '--model', 'm', '--no-verify'])).code).toBe(0)
  expect((await home.run(['inference', 'update', '--model', 'n', '--no-verify'])).code).toBe(0)
  expect(await home.json(['inference', 'get'])).toMatchObject({ model: 'n', version: 2 })
  expect((await home.run(['inference', 'unset'])).stdout).toBe('✓ Removed the route of inference.local\n')
  expect((await home.run(['--help'])).stdout).not.toMatch(/^ +inference/m)
})

test('with one nvidia provider and no route, its default model serves, marked as what it is', async () => {
  using home = cliHome({ KEY: 'sk-nv-0123456789' })
  const create = (name: string) =>
    home.run(['provider', 'create', name, '--type', 'nvidia', '--credential', 'NVIDIA_API_KEY=env:KEY'])

  await create('mine')
  const one = await home.run([...INFERENCE, 'get'])
  const json = await home.json([...INFERENCE, 'get'])
  await create('another')
  const two = await home.run([...INFERENCE, 'get'])

  expect(one.stdout).toMatch(/^Provider: +mine \(default\)$/m)
  expect(json).toMatchObject({
    source: 'unset_default',
    provider: 'mine',
    model: 'meta/llama-3.1-8b-instruct',
    version: 0,
  })
  expect(two).toEqual({ code: 1, stdout: '', stderr: NOT_CONFIGURED })
})

test('unset says where it leads now', async () => {
  using home = cliHome({ KEY: 'sk-nv-0123456789' })
  await home.run(['provider', 'create', 'mine', '--type', 'nvidia', '--credential', 'NVIDIA_API_KEY=env:KEY'])
  await home.run([...INFERENCE, 'set', '--provider', 'mine', '--model', 'm', '--no-verify'])

  expect(await home.json([...INFERENCE, 'unset'])).toEqual({
    provider: 'mine',
    model: 'm',
    leadsNow: { provider: 'mine', model: 'meta/llama-3.1-8b-instruct' },
  })
})

test('six updates at once are six versions, and none is lost', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9/v1')
  await home.run([...INFERENCE, 'set', '--provider', 'p', '--model', 'm', '--no-verify'])
  const update = (...args: string[]) => home.run([...INFERENCE, 'update', ...args, '--no-verify'])

  const results = await Promise.all([
    update('--model', 'n'),
    update('--connect-timeout', '1'),
    update('--first-byte-timeout', '2'),
    update('--idle-timeout', '3'),
    update('--server-tools', 'deny'),
    update('--provider', 'p'),
  ])

  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(await home.json([...INFERENCE, 'get'])).toMatchObject({
    model: 'n',
    connectTimeoutMs: 1000,
    firstByteTimeoutMs: 2000,
    idleTimeoutMs: 3000,
    serverTools: 'deny',
    version: 7,
  })
}, 60_000)
