import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliHome } from './run-cli.js'

const CREATE = ['provider', 'create']
const KEY = 'sk-test-0123456789abcdef'

test('--from-existing takes credential and base URL, and says so', async () => {
  using home = cliHome({ NVIDIA_API_KEY: KEY, NVIDIA_BASE_URL: 'http://127.0.0.1:8000/v1/' })

  const { code, stdout } = await home.run([...CREATE, '--name', 'nv', '--type', 'nvidia', '--from-existing'])

  expect({ code, stdout }).toEqual({ code: 0, stdout: '✓ Created provider nv\n' })
  expect(await home.json(['provider', 'get', 'nv'])).toMatchObject({
    name: 'nv',
    type: 'nvidia',
    baseUrl: 'http://127.0.0.1:8000/v1',
    credentials: [{ key: 'NVIDIA_API_KEY', kept: 'file', origin: 'http://127.0.0.1:8000', usable: true }],
    config: { NVIDIA_BASE_URL: 'http://127.0.0.1:8000/v1' },
    headers: [],
    routes: [],
  })
  expect(home.allText()).not.toContain(KEY)
})

test('NAME and --name are the same; two different ones are refused', async () => {
  using home = cliHome({ MOCK_API_KEY: KEY })

  expect((await home.run([...CREATE, 'one', '--type', 'mock', '--from-existing'])).code).toBe(0)
  expect(await home.run([...CREATE, 'two', '--name', 'three', '--type', 'mock', '--from-existing'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("two provider names were given: 'two' and 'three'"),
  })
})

test('each way to give a credential', async () => {
  using home = cliHome({ FROM_ENV: KEY })
  const file = join(home.path, 'key')
  writeFileSync(file, `${KEY}\n`, { mode: 0o600 })
  const create = (name: string, credential: string, input = '') =>
    home.run([...CREATE, name, '--type', 'mock', '--credential', credential], { input })

  const results = [
    await create('environment', 'FROM_ENV'),
    await create('standard-input', 'KEY=-', `${KEY}\n`),
    await create('command-line', `KEY=${KEY}`),
    await create('env-reference', 'KEY=env:FROM_ENV'),
    await create('file-reference', `KEY=file:${file}`),
    await create('exec-reference', `KEY=exec:cat ${file}`),
  ]

  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(results.map(({ stderr }) => stderr.includes('shell history'))).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ])
  expect(JSON.stringify(results)).not.toContain(KEY)
  const list = (await home.json(['provider', 'list'])) as {
    name: string
    credentials: { kept: string; fingerprint?: string }[]
  }[]
  const kept = Object.fromEntries(list.map(({ name, credentials }) => [name, credentials[0]?.kept]))
  expect(kept).toEqual({
    'command-line': 'file',
    'env-reference': 'env:FROM_ENV',
    environment: 'file',
    'exec-reference': `exec:cat ${file}`,
    'file-reference': `file:${file}`,
    'standard-input': 'file',
  })
  const fingerprints = new Set(
    list.flatMap(({ credentials }) => credentials.flatMap(({ fingerprint }) => fingerprint ?? [])),
  )
  expect(fingerprints.size).toBe(1)
})

test('a value from the environment, or from standard input, is never taken for a reference', async () => {
  using home = cliHome({ FROM_ENV: 'exec:touch /nonexistent/x' })

  await home.run([...CREATE, 'a', '--type', 'mock', '--credential', 'FROM_ENV'])
  await home.run([...CREATE, 'b', '--type', 'mock', '--credential', 'KEY=-'], { input: 'env:HOME' })

  expect(await home.json(['provider', 'list'])).toMatchObject([
    { name: 'a', credentials: [{ kept: 'file' }] },
    { name: 'b', credentials: [{ kept: 'file' }] },
  ])
})

test.each([
  [['--from-existing', '--credential', 'KEY'], 2, '--from-existing cannot be combined with --credential'],
  [
    ['--credential', 'UNSET_KEY'],
    2,
    "--credential UNSET_KEY requires local env var 'UNSET_KEY' to be set to a non-empty value",
  ],
  [
    ['--credential', 'EMPTY_KEY'],
    2,
    "--credential EMPTY_KEY requires local env var 'EMPTY_KEY' to be set to a non-empty value",
  ],
  [
    ['--from-existing'],
    2,
    "no credentials resolved for provider type 'nvidia'. Use --credential KEY[=VALUE] or --from-existing with NVIDIA_API_KEY set.",
  ],
  [
    [],
    2,
    "no credentials resolved for provider type 'nvidia'. Use --credential KEY[=VALUE] or --from-existing with NVIDIA_API_KEY set.",
  ],
])('%j: the text and the exit code', async (args, code, text) => {
  using home = cliHome({ EMPTY_KEY: '' })

  const person = await home.run([...CREATE, 'nv', '--type', 'nvidia', ...args])
  const program = await home.run([...CREATE, 'nv', '--type', 'nvidia', ...args, '--json'])

  expect(person).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(`Error: ${text}\n`) })
  expect(program.code).toBe(code)
  expect(JSON.parse(program.stdout)).toEqual({
    error: { code: expect.stringMatching(/^ERR_/), message: text, suggestions: expect.any(Array) },
  })
})

test('an unknown type names the installed ones and how to install another', async () => {
  using home = cliHome({ KEY })

  const { code, stderr } = await home.run([...CREATE, 'x', '--type', 'nope', '--credential', 'KEY'])

  expect(code).toBe(1)
  expect(stderr).toBe(
    "Error: unsupported provider type 'nope' (installed: anthropic, mock, nvidia, openai). Install one: nemoclaw plugins install <package>\n",
  )
})

test('a name in use says how to change it, and changes nothing', async () => {
  using home = cliHome({ KEY, OTHER: 'sk-other-000000000' })
  await home.run([...CREATE, 'nv', '--type', 'nvidia', '--credential', 'KEY'])
  const before = await home.json(['provider', 'get', 'nv'])

  const { code, stderr } = await home.run([...CREATE, 'nv', '--type', 'openai', '--credential', 'OTHER'])

  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "Error: provider 'nv' already exists. Change it: nemoclaw provider update nv\n",
  })
  expect(await home.json(['provider', 'get', 'nv'])).toEqual(before)
})

test.each([
  ['a name', ['Upper'], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', ['a_b'], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', ['a/../b'], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', ['a b'], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', [''], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', ['n'.repeat(64)], 'ERR_PROVIDER_NAME_INVALID'],
  ['a name', [], 'ERR_PROVIDER_NAME_MISSING'],
  ['a key', ['x', '--credential', '1KEY=v'], 'ERR_CREDENTIAL_KEY_INVALID'],
  ['a value', ['x', '--credential', 'KEY=two\nlines'], 'ERR_CREDENTIAL_INVALID'],
  ['a value', ['x', '--credential', 'KEY=   '], 'ERR_CREDENTIAL_INVALID'],
  ['a value', ['x', '--credential', 'KEY=ключ'], 'ERR_CREDENTIAL_INVALID'],
  ['a value', ['x', '--credential', `KEY=${'k'.repeat(8193)}`], 'ERR_CREDENTIAL_INVALID'],
  ['a base URL', ['x', '--credential', 'KEY=v', '--base-url', 'http://8.8.8.8/v1'], 'ERR_BASE_URL_INVALID'],
  ['a base URL', ['x', '--credential', 'KEY=v', '--base-url', 'https://user:pw@host/v1'], 'ERR_BASE_URL_INVALID'],
  ['a base URL', ['x', '--credential', 'KEY=v', '--base-url', 'http://169.254.169.254'], 'ERR_BASE_URL_INVALID'],
  ['a base URL', ['x', '--credential', 'KEY=v', '--config', 'MOCK_BASE_URL=https://h/?q=1'], 'ERR_BASE_URL_INVALID'],
  ['a header', ['x', '--credential', 'KEY=v', '--header', 'X-A: b\r\nX-Evil: c'], 'ERR_HEADER_INVALID'],
  ['a header', ['x', '--credential', 'KEY=v', '--header', 'Authorization: Bearer x'], 'ERR_HEADER_RESERVED'],
  ['a header', ['x', '--credential', 'KEY=v', '--header', 'X-Team-Token: literal'], 'ERR_HEADER_SECRET'],
  ['a header', ['x', '--credential', 'KEY=v', '--header', 'X-Team:'], 'ERR_HEADER_INVALID'],
  ['a setting', ['x', '--credential', 'KEY=v', '--config', 'NO_VALUE'], 'ERR_CONFIG_KEY_INVALID'],
  ['a setting', ['x', '--credential', 'KEY=v', '--config', 'MY_TOKEN=x'], 'ERR_CONFIG_SECRET'],
])('%s as in %j is refused before anything is stored', async (_what, args, errorCode) => {
  using home = cliHome()

  const { code, stdout } = await home.run([...CREATE, ...args, '--type', 'mock', '--json'])

  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: errorCode } })
  expect(await home.json(['provider', 'list'])).toEqual([])
})

test.each([
  ['a line break', 'sk-a\nb'],
  ['CR', 'sk-a\rb'],
  ['nothing but spaces', '     \n'],
  ['a NUL', 'sk-a\0b'],
  ['a byte order mark', '\ufeffsk-a'],
  ['64 KiB', 'k'.repeat(64 * 1024)],
  ['more than is read', 'k'.repeat(80 * 1024)],
  ['nothing', ''],
])('standard input with %s is refused', async (_what, input) => {
  using home = cliHome()

  const { code, stdout } = await home.run([...CREATE, 'x', '--type', 'mock', '--credential', 'KEY=-', '--json'], {
    input,
  })

  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_CREDENTIAL_INVALID' } })
  expect(await home.json(['provider', 'list'])).toEqual([])
})

test('--config and --set are the same, and what is typed wins over what is found', async () => {
  using home = cliHome({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'https://found.example.org/v1' })

  await home.run([
    ...CREATE,
    'oa',
    '--type',
    'openai',
    '--from-existing',
    '--set',
    'REGION=eu',
    '--config',
    'OPENAI_BASE_URL=https://typed.example.org/v1',
    '--header',
    'OpenAI-Project: p1',
  ])

  expect(await home.json(['provider', 'get', 'oa'])).toMatchObject({
    baseUrl: 'https://typed.example.org/v1',
    config: { OPENAI_BASE_URL: 'https://typed.example.org/v1', REGION: 'eu' },
    headers: [['OpenAI-Project', 'p1']],
    credentials: [{ origin: 'https://typed.example.org' }],
  })
})

test('a reference that leads nowhere is told at once, unless --no-verify says that it may come later', async () => {
  using home = cliHome()
  const args = [...CREATE, 'x', '--type', 'mock', '--credential', 'KEY=env:NOT_THERE_YET']

  const checked = await home.run(args)
  const unchecked = await home.run([...args, '--no-verify'])

  expect(checked).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_THERE_YET is not set') })
  expect(checked.stderr).toContain('--no-verify')
  expect(unchecked.code).toBe(0)
})

test('a secret header is kept as a reference that is bound to the origin', async () => {
  using home = cliHome({ KEY, TEAM: 'team-secret' })

  await home.run([...CREATE, 'x', '--type', 'mock', '--credential', 'KEY', '--header', 'X-Team-Token: env:TEAM'])

  expect(await home.json(['provider', 'get', 'x'])).toMatchObject({
    headers: [],
    credentials: [{ key: 'KEY' }, { key: 'header.x-team-token', kept: 'env:TEAM', origin: 'http://127.0.0.1:4141' }],
  })
})

test('options after a repeatable one, and the name after them, are still read', async () => {
  using home = cliHome({ KEY })

  expect(await home.run([...CREATE, '--credential', 'KEY', 'nv', '--type', 'nvidia'])).toMatchObject({ code: 0 })
})

test('ten at once, of different names and of one name', async () => {
  using home = cliHome({ KEY })
  const create = (name: string) => home.run([...CREATE, name, '--type', 'mock', '--credential', 'KEY'])

  const different = await Promise.all(Array.from({ length: 6 }, (_, index) => create(`p${index}`)))
  const same = await Promise.all(Array.from({ length: 4 }, () => create('same')))

  expect(different.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(same.filter(({ code }) => code === 0)).toHaveLength(1)
  expect(await home.json(['provider', 'list'])).toHaveLength(7)
}, 60_000)
