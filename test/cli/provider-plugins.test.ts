import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CliHome, cliHome } from './run-cli.js'

const PROFILE = {
  providerType: 'extra',
  displayName: 'Extra',
  defaultBaseUrl: 'https://extra.example.org/v1',
  protocols: ['openai_chat_completions'],
  auth: { kind: 'bearer' },
  defaultHeaders: [],
  passthroughHeaders: [],
  credentialKeyNames: ['EXTRA_API_KEY'],
  baseUrlConfigKeys: [],
}

/** Writes a plugin as `plugins link` would register it. */
function linkPlugin(home: CliHome, name: string, hook: string): string {
  const root = join(home.path, name)
  mkdirSync(root, { recursive: true })
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({
      name,
      version: '1.0.0',
      type: 'module',
      oclif: { hooks: { 'nemoclaw:inference-provider': './hook.js' } },
    }),
  )
  writeFileSync(join(root, 'hook.js'), hook)
  const data = join(home.path, 'state', 'data')
  mkdirSync(data, { recursive: true })
  const file = join(data, 'package.json')
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).oclif.plugins : []
  writeFileSync(file, JSON.stringify({ oclif: { schema: 1, plugins: [...known, { name, root, type: 'link' }] } }))
  return root
}
const contributing = (profile: object, before = '') =>
  `${before}\nexport default async () => (${JSON.stringify(profile)})\n`
const types = async (home: CliHome) => (await home.run(['provider', 'types', '-o', 'name'])).stdout.trim().split('\n')
/** Empty for a process that has ended, also while nobody has taken note of its end. */
const commandLine = (pid: string) =>
  existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
const BUNDLED = ['anthropic', 'mock', 'nvidia', 'openai']

test('a linked plugin contributes its type, and create takes it', async () => {
  using home = cliHome({ EXTRA_API_KEY: 'sk-extra-0123456789' })
  linkPlugin(home, 'provider-extra', contributing(PROFILE))

  expect(await types(home)).toEqual(['anthropic', 'extra', 'mock', 'nvidia', 'openai'])
  expect((await home.run(['provider', 'create', 'x', '--type', 'extra', '--from-existing'])).code).toBe(0)
  expect(await home.json(['provider', 'get', 'x'])).toMatchObject({ baseUrl: 'https://extra.example.org/v1' })
})

test.each([
  ['throws', 'export default async () => { throw new Error("not today") }', 'not today'],
  ['has a syntax error', 'export default async () => {', 'Unexpected'],
  ['never answers', 'export default () => new Promise(() => setInterval(() => {}, 1000))', 'Timed out after 1500 ms'],
  ['ends its process', 'process.exit(0)', 'it ended the process that read it'],
  ['kills its process', 'process.kill(process.pid, "SIGKILL")', 'it ended the process that read it'],
  ['hands over junk', 'export default async () => "junk"', 'its profile is refused'],
  ['hands over nothing', 'export default async () => undefined', 'its profile is refused'],
  ['hands over too much', 'export default async () => "x".repeat(2 ** 21)', 'it handed over more than'],
  [
    'leads to a metadata address',
    contributing({ ...PROFILE, defaultBaseUrl: 'http://169.254.169.254/v1' }),
    'its profile is refused',
  ],
  [
    'splits a header',
    contributing({ ...PROFILE, defaultHeaders: [['x-a', 'b\r\nx-evil: c']] }),
    'its profile is refused',
  ],
  [
    'sets the credential field',
    contributing({ ...PROFILE, defaultHeaders: [['authorization', 'Bearer x']] }),
    'its profile is refused',
  ],
  [
    'takes a bundled type',
    contributing({ ...PROFILE, providerType: 'nvidia' }),
    "'nvidia' is contributed by @nemoclaw/provider-nvidia already",
  ],
])('a plugin that %s is reported, and the others are not affected', async (_what, hook, reason) => {
  using home = cliHome()
  linkPlugin(home, 'provider-bad', hook)

  const { code, stdout, stderr } = await home.run(['provider', 'types', '-o', 'name'])

  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toEqual(BUNDLED)
  expect(stderr).toMatch(/^Warning: provider plugin provider-bad: /m)
  expect(stderr).toContain(reason)
})

test('one that ends its process takes no other with it, and one cannot change what another says', async () => {
  using home = cliHome()
  linkPlugin(
    home,
    'provider-a-vandal',
    'JSON.stringify = () => "{}"; setTimeout(() => process.exit(0), 50); export default () => new Promise(() => {})',
  )
  linkPlugin(home, 'provider-extra', contributing(PROFILE))

  const { stdout, stderr } = await home.run(['provider', 'types', '-o', 'name'])

  expect(stdout.trim().split('\n')).toEqual(['anthropic', 'extra', 'mock', 'nvidia', 'openai'])
  expect(stderr).toContain('provider plugin provider-a-vandal: ')
})

test('a plugin that loops for ever is killed, with what it started', async () => {
  using home = cliHome()
  const marker = join(home.path, 'grandchild')
  linkPlugin(
    home,
    'provider-loop',
    `import { spawn } from 'node:child_process'
     import { writeFileSync } from 'node:fs'
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
     writeFileSync(${JSON.stringify(marker)}, String(child.pid))
     for (;;) {}`,
  )

  const { stdout, stderr } = await home.run(['provider', 'types', '-o', 'name'])

  expect(stdout.trim().split('\n')).toEqual(BUNDLED)
  expect(stderr).toContain('provider plugin provider-loop: it took longer than 10 s')
  expect(commandLine(readFileSync(marker, 'utf8'))).toBe('')
}, 40_000)

test('a plugin sees no credential, no keychain session and no descriptor of ours', async () => {
  using home = cliHome({
    NVIDIA_API_KEY: 'sk-nv-0123456789',
    NEMOCLAW_PASSPHRASE: 'pass-0123456789',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    XDG_RUNTIME_DIR: '/nonexistent',
  })
  const seen = join(home.path, 'seen.json')
  linkPlugin(
    home,
    'provider-curious',
    contributing(
      PROFILE,
      `import { writeFileSync } from 'node:fs'
       writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ env: process.env, argv: process.argv, cwd: process.cwd() }))`,
    ),
  )

  expect(await types(home)).toContain('extra')
  const { env, argv, cwd } = JSON.parse(readFileSync(seen, 'utf8'))

  expect(Object.keys(env).sort()).toEqual(['DBUS_SESSION_BUS_ADDRESS', 'HOME', 'PATH', 'SHELL'])
  expect(env.SHELL).toBe('/bin/sh')
  expect(env.DBUS_SESSION_BUS_ADDRESS).toBe('disabled:')
  expect(JSON.stringify({ argv, cwd })).not.toContain('state')
})

test('no code of a plugin runs in the process that reads credentials', async () => {
  using home = cliHome({ KEY: 'sk-own-0123456789' })
  const ran = join(home.path, 'pids')
  linkPlugin(
    home,
    'provider-extra',
    contributing(
      PROFILE,
      `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(ran)}, process.env.HOME + String(process.env.KEY) + '\\n')`,
    ),
  )
  await home.run(['provider', 'create', 'x', '--type', 'extra', '--credential', 'EXTRA_API_KEY=env:KEY'])
  await home.run(['provider', 'list'])

  // Once, in the child: the second command had it from the cache.
  expect(readFileSync(ran, 'utf8')).toBe(`${home.path}undefined\n`)
})

test("an edited plugin is read again, a broken cache is made anew, and another's cache is not believed", async () => {
  using home = cliHome()
  const root = linkPlugin(home, 'provider-extra', contributing(PROFILE))
  expect(await types(home)).toContain('extra')
  const cache = join(home.path, 'state', 'cache', 'provider-profiles.json')

  writeFileSync(join(root, 'hook.js'), contributing({ ...PROFILE, providerType: 'renamed' }))
  utimesSync(join(root, 'hook.js'), new Date(), new Date(Date.now() + 5_000))
  expect(await types(home)).toContain('renamed')

  writeFileSync(cache, '{"key":')
  expect(await types(home)).toContain('renamed')

  const text = readFileSync(cache, 'utf8').replace('https://extra.example.org/v1', 'https://evil.example.org/v1')
  writeFileSync(cache, text, { mode: 0o600 })
  chmodSync(cache, 0o666)
  expect((await home.run(['provider', 'types'])).stdout).not.toContain('evil.example.org')
  expect(readdirSync(join(home.path, 'state', 'cache')).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a cache folder that cannot be written to costs time and nothing else', async () => {
  using home = cliHome()
  symlinkSync('/dev/null', join(home.path, 'not-a-folder'))

  expect(
    await home.run(['provider', 'types', '-o', 'name'], {
      env: { NEMOCLAW_HOME: '', NEMOCLAW_CACHE_DIR: join(home.path, 'not-a-folder') },
    }),
  ).toMatchObject({
    code: 0,
    stdout: 'anthropic\nmock\nnvidia\nopenai\n',
  })
})

test('a plugin whose commands end the process can still be seen and removed', async () => {
  using home = cliHome()
  const root = linkPlugin(home, 'provider-deadly', contributing(PROFILE))
  mkdirSync(join(root, 'commands'))
  writeFileSync(join(root, 'commands', 'x.js'), 'process.exit(0)')
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ ...pjson, oclif: { ...pjson.oclif, commands: './commands' } }),
  )

  const listed = await home.run(['plugins'])
  const json = await home.run(['plugins', '--json'])
  const removed = await home.run(['plugins', 'uninstall', 'provider-deadly'])
  const after = await home.run(['provider', 'types', '-o', 'name'])

  expect(listed.stdout).toContain('provider-deadly 1.0.0 (link)')
  expect(JSON.parse(json.stdout)).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'provider-deadly' })]),
  )
  expect(removed.code).toBe(0)
  expect(after.stdout.trim().split('\n')).toEqual(BUNDLED)
})
