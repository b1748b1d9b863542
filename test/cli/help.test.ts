import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI, cliHome } from './run-cli.js'

const COMMANDS = [
  'provider create',
  'provider list',
  'provider get',
  'provider update',
  'provider delete',
  'provider types',
  'provider verify',
  'cluster inference set',
  'cluster inference update',
  'cluster inference get',
  'cluster inference unset',
]

test('the help names every topic', async () => {
  using home = cliHome()

  const { code, stdout } = await home.run(['--help'])

  expect(code).toBe(0)
  expect(stdout).toMatch(/^ {2}provider +Providers, their credentials/m)
  expect(stdout).toMatch(/^ {2}cluster +What is shared/m)
})

test.each(COMMANDS)(
  'the examples of `%s --help` work when pasted',
  async (command) => {
    await using provider = await startMockProvider()
    using home = cliHome({ NVIDIA_API_KEY: 'sk-nv-0123456789', MOCK_API_KEY: 'any-0123456789' })
    const bin = join(home.path, 'bin')
    mkdirSync(bin)
    symlinkSync(CLI, join(bin, 'nemoclaw'))
    if (command !== 'provider create') {
      for (const [name, type, key] of [
        ['my-nvidia', 'nvidia', 'NVIDIA_API_KEY'],
        ['my-nim', 'nvidia', 'NVIDIA_API_KEY'],
        ['my-openai', 'openai', 'NVIDIA_API_KEY'],
        ['my-mock', 'mock', 'MOCK_API_KEY'],
      ] as const) {
        await home.run(['provider', 'create', name, '--type', type, '--credential', key, '--base-url', provider.url])
      }
    }
    if (/update|get|unset/.test(command) && command.startsWith('cluster')) {
      await home.run(['cluster', 'inference', 'set', '--provider', 'my-nvidia', '--model', 'm', '--no-verify'])
    }

    const { stdout } = await home.run([...command.split(' '), '--help'])
    const examples = stdout
      .slice(stdout.indexOf('\nEXAMPLES\n'))
      .split('\n')
      .filter((line) => line.trimStart().startsWith('$ '))
      .map((line) => line.trimStart().slice(2))

    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const run = await paste(example, { ...home.env, PATH: `${bin}:${home.env['PATH']}` })
      expect({ example, code: run.code, stderr: run.stderr.replace(/^Credentials are kept in .*\n/, '') }).toEqual({
        example,
        code: 0,
        stderr: '',
      })
    }
  },
  60_000,
)

async function paste(example: string, env: Readonly<Record<string, string>>) {
  const child = spawn('sh', ['-c', example], { env, stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.on('error', () => {}) // Not every example reads.
  child.stdin.end('sk-piped-0123456789')
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}
