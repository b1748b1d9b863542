import { spawn } from 'node:child_process'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect } from 'vitest'
import { testNeeding } from '../state/test-needing.js'
import { CLI, cliHome } from './run-cli.js'

const onTerminal = testNeeding(['script'])
const SECRET = 'sk-typed-0123456789'

/** Runs a command on a pseudo-terminal and types `answer` when `question` has appeared. */
async function converse(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  question?: RegExp,
  answer = '',
) {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
  })
  let screen = ''
  let answered = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    if (question?.test(screen) && !answered) {
      answered = true
      setTimeout(() => child.stdin.write(answer), 150)
    }
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, screen }
}

onTerminal('a key that is not in the environment is asked for, and never shown', async () => {
  using home = cliHome()

  const { code, screen } = await converse(
    home.env,
    ['provider', 'create', 'x', '--type', 'mock', '--credential', 'MOCK_API_KEY'],
    /MOCK_API_KEY \(not shown\)/,
    `${SECRET}\r`,
  )

  expect(code).toBe(0)
  expect(screen).toContain('✓ Created provider x')
  expect(screen).not.toContain('sk-typed')
})

onTerminal('Ctrl-C at the question changes nothing', async () => {
  using home = cliHome()

  const { code } = await converse(
    home.env,
    ['provider', 'create', 'x', '--type', 'mock', '--credential', 'MOCK_API_KEY=-'],
    /not shown/,
    '\u0003',
  )

  expect(code).not.toBe(0)
  expect(await home.json(['provider', 'list'])).toEqual([])
})

onTerminal('--move-credential asks; yes takes the credential along, no changes nothing', async () => {
  await using provider = await startMockProvider({ apiKey: SECRET })
  using home = cliHome()
  await home.run(['provider', 'create', 'p', '--type', 'mock', '--credential', 'MOCK_API_KEY=-'], { input: SECRET })
  const move = (answer: string) =>
    converse(
      home.env,
      ['provider', 'update', 'p', '--base-url', provider.url, '--move-credential'],
      /from now on/,
      answer,
    )

  const no = await move('\r')
  const kept = await home.json(['provider', 'get', 'p'])
  const yes = await move('y\r')

  expect(no.code).toBe(1)
  expect(kept).toMatchObject({ baseUrl: 'http://127.0.0.1:4141/v1' })
  expect(yes.code).toBe(0)
  expect((await home.run(['provider', 'verify', 'p'])).code).toBe(0)
})

onTerminal('a spinner shows while a provider is asked, and is gone afterwards', async () => {
  await using provider = await startMockProvider()
  using home = cliHome({ KEY: SECRET })
  await home.run(['provider', 'create', 'p', '--type', 'mock', '--credential', 'KEY', '--base-url', provider.url])

  const { screen } = await converse(home.env, ['provider', 'verify', 'p', '--model', 'mock/slow-first-byte:800'])
  const piped = await home.run(['provider', 'verify', 'p', '--model', 'mock/slow-first-byte:800'])

  expect(screen).toContain('Asking p for mock/slow-first-byte:800')
  expect(screen.split('\r\u001b[K').at(-1)).toMatch(/^✓ Provider p serves/)
  expect(piped.stderr).toBe('')
})
