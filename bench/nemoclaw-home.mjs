import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The command line as a user starts it. */
export const NEMOCLAW = fileURLToPath(new URL('../packages/cli/bin/run.js', import.meta.url))

/**
 * A temporary home with one provider and a route to it, so that no measurement touches the user's own state.
 *
 * @param baseUrl - Where the provider is; nobody need listen there to measure a start.
 */
export function makeHome(baseUrl = 'http://127.0.0.1:9/v1') {
  const home = mkdtempSync(join(tmpdir(), 'nemoclaw-bench-'))
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NEMOCLAW_HOME: home,
    NEMOCLAW_CREDENTIAL_STORE: 'file',
    NEMOCLAW_PASSPHRASE: randomBytes(16).toString('hex'),
    MOCK_API_KEY: `sk-bench-${randomBytes(8).toString('hex')}`,
    // Where a Node version to measure is told what to do by the environment, the command line under test is too.
    ...(process.env.NODE_DISABLE_COMPILE_CACHE && { NODE_DISABLE_COMPILE_CACHE: '1' }),
  }
  const nemoclaw = (...argv) => execFileSync(process.execPath, [NEMOCLAW, ...argv], { env, encoding: 'utf8' })
  const create = ['provider', 'create', '--name', 'bench', '--type', 'mock', '--base-url', baseUrl]
  nemoclaw(...create, '--credential', 'MOCK_API_KEY', '--no-verify')
  nemoclaw('cluster', 'inference', 'set', '--provider', 'bench', '--model', 'bench/model', '--no-verify')
  return { home, env, nemoclaw, remove: () => rmSync(home, { recursive: true, force: true }) }
}
