import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLI, cliHome } from './run-cli.js'

const oldNode = (version: string) =>
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
const shell = (script: string, env: Readonly<Record<string, string>>) =>
  spawnSync('bash', ['-c', script, 'bash', process.execPath, CLI], { env, encoding: 'utf8' })

test.each(['18.20.8', '20.19.0'])('Node %s is refused in a sentence', async (version) => {
  using home = cliHome()

  expect(await home.run(['--version'], { nodeArgs: ['--import', oldNode(version)] })).toEqual({
    code: 1,
    stdout: '',
    stderr: `nemoclaw needs Node.js 20.20 or newer, and this is ${version}.\n`,
  })
})

test.each(['20.20.0', '22.0.0', '24.1.0'])('Node %s is not', async (version) => {
  using home = cliHome()

  expect(await home.run(['--version'], { nodeArgs: ['--import', oldNode(version)] })).toMatchObject({ code: 0 })
})

test('a reader that goes away is no error', () => {
  using home = cliHome()

  const { stdout, stderr } = shell('set -o pipefail; "$1" "$2" provider types | true; echo "$?"', home.env)

  expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' })
})

test('a full disk behind standard output is one, in a sentence', () => {
  using home = cliHome()

  const { stdout, stderr } = shell('"$1" "$2" provider types > /dev/full; echo "$?"', home.env)

  expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: 'Error: cannot write the output: ENOSPC\n' })
})

test('a closed standard error is no reason to fail', () => {
  using home = cliHome()

  expect(shell('"$1" "$2" provider list 2>&-; echo "$?"', home.env).stdout).toBe('0\n')
})

test('NEMOCLAW_HOME holds everything, and the home folder nothing', async () => {
  using home = cliHome({ KEY: 'sk-home-0123456789' })

  await home.run(['provider', 'create', 'x', '--type', 'mock', '--credential', 'KEY'])

  expect(readdirSync(home.path)).toEqual(['state'])
  expect(readdirSync(join(home.path, 'state')).sort()).toEqual(expect.arrayContaining(['cache', 'config']))
})

test('without it the XDG folders are used', async () => {
  using home = cliHome({ KEY: 'sk-home-0123456789' })
  const env = {
    NEMOCLAW_HOME: '',
    XDG_CONFIG_HOME: join(home.path, 'c'),
    XDG_DATA_HOME: join(home.path, 'd'),
    XDG_CACHE_HOME: join(home.path, 'e'),
  }

  await home.run(['provider', 'create', 'x', '--type', 'mock', '--credential', 'KEY'], { env })

  expect(readdirSync(join(home.path, 'c', 'nemoclaw'))).toContain('config.json')
  expect(readdirSync(join(home.path, 'e', 'nemoclaw'))).toContain('provider-profiles.json')
})

test('a command that does not exist has a suggestion, and a code of its own', async () => {
  using home = cliHome()

  const { code, stderr } = await home.run(['provider', 'lst'])

  expect(code).toBe(127)
  expect(stderr).toContain('provider lst is not a nemoclaw command')
})

test('every mistake that the parser finds is JSON where JSON was asked for', async () => {
  using home = cliHome()

  for (const args of [
    ['provider', 'list', '--nope'],
    ['provider', 'list', '-o', 'xml'],
    ['provider', 'create', 'x'],
    ['provider', 'lst'],
  ]) {
    const { code, stdout } = await home.run([...args, '--json'])

    expect(code).not.toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      error: { code: expect.any(String), message: expect.any(String), suggestions: expect.any(Array) },
    })
  }
})
