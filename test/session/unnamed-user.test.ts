import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { testNeeding } from '../state/test-needing.js'
import { runCommand } from './run-command.js'
import { sessionHome } from './session-home.js'

/** Runs what follows as a user that only the number 54321 is known of, who may do what we may. */
const AS_NOBODY_KNOWN = ['--user', '--map-user=54321', '--map-group=54321', '--']
const canUnshare = spawnSync('unshare', [...AS_NOBODY_KNOWN, 'true']).status === 0

testNeeding(canUnshare ? [] : ['a user namespace (run as root)'])(
  'a user whom passwd does not know, as containers have them, needs neither HOME nor SHELL',
  async () => {
    using home = sessionHome()
    const env = { PATH: process.env['PATH'] ?? '', NEMOCLAW_HOME: join(home.path, 'own'), TMPDIR: home.path }
    const asUser = (...args: readonly string[]) =>
      runCommand('unshare', [...AS_NOBODY_KNOWN, process.execPath, CLI, ...args], env)

    const types = await asUser('provider', 'types', '-o', 'name')
    const demo = await asUser('demo', '--json')

    expect([types.code, types.stdout, types.stderr]).toEqual([0, 'anthropic\nmock\nnvidia\nopenai\n', ''])
    expect([demo.code, demo.stderr]).toEqual([0, ''])
  },
)
