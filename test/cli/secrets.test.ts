import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI, cliHome } from './run-cli.js'

const SECRET = 'sk-never-shown-0123456789'
const PASSPHRASE = 'never-shown-passphrase'
const DEBUG = { DEBUG: '*', OCLIF_DEBUG: '1', CLI_FLAGS_DEBUG: '1' }

test('no command shows a stored secret, not even with DEBUG=*', async () => {
  await using provider = await startMockProvider({ apiKey: 'another' })
  using home = cliHome({ OPENAI_API_KEY: SECRET, TEAM: SECRET, NEMOCLAW_PASSPHRASE: PASSPHRASE, ...DEBUG })
  const commands = [
    [
      'provider',
      'create',
      'found',
      '--type',
      'openai',
      '--from-existing',
      '--base-url',
      provider.url,
      '--header',
      'X-Team-Token: env:TEAM',
    ],
    ['provider', 'create', 'typed', '--type', 'mock', '--credential', `KEY=${SECRET}`],
    ['provider', 'create', 'typed', '--type', 'mock', `--credential=KEY=${SECRET}`, '--nope'],
    ['provider', 'create', 'typo', '--type', 'mock', '--credentials', `OPENAI_API_KEY=${SECRET}`],
    [
      'provider',
      'create',
      'header',
      '--type',
      'mock',
      '--credential',
      'OPENAI_API_KEY',
      '--header',
      `X-Token: ${SECRET}`,
    ],
    [
      'provider',
      'create',
      'url',
      '--type',
      'mock',
      '--credential',
      'OPENAI_API_KEY',
      '--base-url',
      `https://user:${SECRET}@host/v1`,
    ],
    [
      'provider',
      'create',
      'config',
      '--type',
      'mock',
      '--credential',
      'OPENAI_API_KEY',
      '--config',
      `OPENAI_API_KEY=${SECRET}`,
    ],
    ['provider', 'crate', 'not-found', '--credential', `KEY=${SECRET}`],
    ['provider', 'update', 'found', '--credential', 'OPENAI_API_KEY'],
    ['provider', 'get', 'found', '--json'],
    ['provider', 'list', '-o', 'yaml'],
    ['provider', 'verify', 'found', '--model', 'm'],
    ['cluster', 'inference', 'set', '--provider', 'found', '--model', 'm', '--json'],
    ['provider', 'delete', 'found'],
  ]

  for (const args of commands) {
    const { stdout, stderr } = await home.run(args)

    expect(stdout + stderr, args.slice(0, 3).join(' ')).not.toContain('never-shown')
    expect(stdout + stderr, args.slice(0, 3).join(' ')).not.toContain(
      Buffer.from(SECRET).toString('base64').slice(0, 20),
    )
    expect(home.allText()).not.toContain('never-shown')
  }
  expect(provider.received.length).toBeGreaterThan(0)
}, 120_000)

test('a value from standard input is in no argument and no environment of a process that is started', async () => {
  using home = cliHome({ NEMOCLAW_PASSPHRASE: PASSPHRASE })
  const child = spawn(process.execPath, [CLI, 'provider', 'create', 'x', '--type', 'mock', '--credential', 'KEY=-'], {
    env: home.env,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const seen: string[] = []
  const look = setInterval(() => {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    for (const pid of pids)
      seen.push(read(`/proc/${pid}/cmdline`), pid === String(child.pid) ? '' : read(`/proc/${pid}/environ`))
  }, 50)
  child.stdin.end(SECRET)

  await new Promise((resolve) => child.once('close', resolve))
  clearInterval(look)

  expect(seen.length).toBeGreaterThan(0)
  // This very process holds both texts in its source, not in its arguments or environment.
  expect(seen.join('\n')).not.toContain(SECRET)
})

test('an unexpected failure shows neither a stack nor a secret; with DEBUG a stack and no secret', async () => {
  using home = cliHome({ OPENAI_API_KEY: SECRET })
  const broken = `data:text/javascript,${encodeURIComponent(
    `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module'; os.homedir = () => { throw new TypeError('boom ' + process.env.OPENAI_API_KEY) }; syncBuiltinESMExports()`,
  )}`

  const plain = await home.run(['provider', 'list'], { nodeArgs: ['--import', broken] })
  const debug = await home.run(['provider', 'list'], { nodeArgs: ['--import', broken], env: { DEBUG: 'nemoclaw' } })

  expect(plain.code).toBe(1)
  expect(plain.stderr).toContain('boom [redacted]')
  expect(plain.stderr).not.toContain('    at ')
  expect(debug.stderr).toContain('    at ')
  expect(plain.stderr + debug.stderr).not.toContain(SECRET)
})

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // It has ended meanwhile.
  }
}
