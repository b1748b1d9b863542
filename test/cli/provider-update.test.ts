import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { cliHome } from './run-cli.js'

const UPDATE = ['provider', 'update']
const OLD = 'sk-old-0123456789abcdef'
const NEW = 'sk-new-0123456789abcdef'

async function homeWithProvider(url = 'http://127.0.0.1:4141/v1') {
  const home = cliHome({ OLD, NEW })
  const { code, stderr } = await home.run([
    'provider',
    'create',
    'p',
    '--type',
    'mock',
    '--credential',
    'MOCK_API_KEY=env:OLD',
    '--config',
    'REGION=eu',
    '--header',
    'X-Team: a',
    '--base-url',
    url,
  ])
  if (code !== 0) throw new Error(stderr)
  return home
}

test('merges: what is not named stays', async () => {
  using home = await homeWithProvider()

  const { code, stdout } = await home.run([...UPDATE, 'p', '--config', 'ZONE=b', '--header', 'X-Other: c'])

  expect({ code, stdout }).toEqual({ code: 0, stdout: '✓ Updated provider p\n' })
  expect(await home.json(['provider', 'get', 'p'])).toMatchObject({
    config: { MOCK_BASE_URL: 'http://127.0.0.1:4141/v1', REGION: 'eu', ZONE: 'b' },
    headers: [
      ['X-Team', 'a'],
      ['X-Other', 'c'],
    ],
    credentials: [{ key: 'MOCK_API_KEY', kept: 'env:OLD' }],
  })
})

test('unsets by key, and says where there is nothing of that name', async () => {
  using home = await homeWithProvider()

  expect(await home.run([...UPDATE, 'p', '--unset-config', 'NOPE'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("provider 'p' has no config key NOPE"),
  })
  await home.run([
    ...UPDATE,
    'p',
    '--unset-config',
    'REGION',
    '--unset-credential',
    'MOCK_API_KEY',
    '--header',
    'x-team:',
  ])

  expect(await home.json(['provider', 'get', 'p'])).toMatchObject({
    config: { MOCK_BASE_URL: 'http://127.0.0.1:4141/v1' },
    credentials: [],
    headers: [],
  })
})

test('a rotated credential is used by the next request, and the old one is gone', async () => {
  await using provider = await startMockProvider({ apiKey: NEW })
  using home = await homeWithProvider(provider.url)
  await home.run([...UPDATE, 'p', '--credential', 'MOCK_API_KEY=-'], { input: OLD })

  const refused = await home.run(['provider', 'verify', 'p'])
  await home.run([...UPDATE, 'p', '--credential', 'MOCK_API_KEY=-'], { input: NEW })
  const accepted = await home.run(['provider', 'verify', 'p'])

  expect(refused.code).toBe(1)
  expect(accepted).toMatchObject({ code: 0, stderr: '' })
  expect(provider.received.at(-1)?.headers.authorization).toBe(`Bearer ${NEW}`)
})

test('the type cannot change', async () => {
  using home = await homeWithProvider()

  expect(await home.run([...UPDATE, 'p', '--type', 'openai', '--config', 'A=b'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("provider 'p' is of type 'mock', and a type cannot change"),
  })
  expect((await home.run([...UPDATE, 'p', '--type', 'mock', '--config', 'A=b'])).code).toBe(0)
})

test('an update of nothing names an option', async () => {
  using home = await homeWithProvider()

  expect(await home.run([...UPDATE, 'p'])).toMatchObject({
    code: 2,
    stderr: 'Error: nothing to change: name at least one option, e.g. --credential KEY\n',
  })
})

test('a provider that does not exist is named with those that do', async () => {
  using home = await homeWithProvider()

  const { code, stderr } = await home.run([...UPDATE, 'q', '--config', 'A=b'])

  expect(code).toBe(1)
  expect(stderr).toContain("Error: provider 'q' does not exist\n  There are: p\n")
})

test('a new origin makes the credential unusable until it is entered again', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithProvider()

  const moved = await home.run([...UPDATE, 'p', '--base-url', provider.url])
  const refused = await home.run(['provider', 'verify', 'p'])
  const unsent = provider.received.length
  await home.run([...UPDATE, 'p', '--credential', 'MOCK_API_KEY=env:NEW'])
  const accepted = await home.run(['provider', 'verify', 'p'])

  expect(moved).toMatchObject({ code: 0, stderr: expect.stringContaining('was entered for http://127.0.0.1:4141') })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('was entered for http://127.0.0.1:4141') })
  expect(unsent).toBe(0)
  expect(accepted.code).toBe(0)
})

test('another path on the same origin keeps it usable', async () => {
  using home = await homeWithProvider()

  const { code, stderr } = await home.run([...UPDATE, 'p', '--base-url', 'http://127.0.0.1:4141/other/v1'])

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await home.json(['provider', 'get', 'p'])).toMatchObject({ credentials: [{ usable: true }] })
})

test('taking the base URL away is a change of origin, too', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9999/v1')

  expect(await home.run([...UPDATE, 'p', '--unset-config', 'MOCK_BASE_URL'])).toMatchObject({
    stderr: expect.stringContaining('was entered for http://127.0.0.1:9999'),
  })
})

test('--move-credential is refused where nobody can be asked, and then nothing is changed', async () => {
  using home = await homeWithProvider()

  const { code, stdout } = await home.run([
    ...UPDATE,
    'p',
    '--base-url',
    'http://127.0.0.1:9999/v1',
    '--move-credential',
    '--json',
  ])

  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_MOVE_NEEDS_TERMINAL' } })
  expect(await home.json(['provider', 'get', 'p'])).toMatchObject({ baseUrl: 'http://127.0.0.1:4141/v1' })
})

test('a configuration that an editor changed does not send a key elsewhere', async () => {
  await using thief = await startMockProvider()
  using home = await homeWithProvider()
  await home.run([...UPDATE, 'p', '--credential', 'MOCK_API_KEY=-'], { input: OLD })
  const file = join(home.path, 'state', 'config', 'config.json')
  // Both of what the file says: where requests go, and where the credential may go.
  const edited = home
    .allText()
    .match(/\{\n {2}"schemaVersion"[\s\S]*?\n\}\n/)?.[0]
    .replaceAll('http://127.0.0.1:4141', `http://127.0.0.1:${thief.port}`)
  writeFileSync(file, edited ?? '')

  const { code, stderr } = await home.run(['provider', 'verify', 'p'])

  expect(code).toBe(1)
  expect(stderr).toContain('was entered for http://127.0.0.1:4141')
  expect(thief.received).toEqual([])
})

test('updates of one provider at once are all kept', async () => {
  using home = await homeWithProvider()

  const results = await Promise.all(
    Array.from({ length: 6 }, (_, index) => home.run([...UPDATE, 'p', '--config', `K${index}=v`])),
  )

  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(await home.json(['provider', 'get', 'p'])).toMatchObject({
    config: { K0: 'v', K1: 'v', K2: 'v', K3: 'v', K4: 'v', K5: 'v' },
  })
}, 60_000)
