import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Installs and builds what a fresh clone lacks. Ends the process, with what went wrong, where it cannot. */
export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 20)) {
    fail(`nemoclaw needs Node.js 20.20 or newer, and this is ${process.versions.node}.`)
  }
  if (!isInstalled()) {
    console.log('Installing dependencies (npm ci) ...')
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b'])
  run(process.execPath, [join('scripts', 'write-manifests.mjs')])
}

/** Runs a program in the root folder, its output shown; ends the process where it fails. */
export function run(program, argv, environment = process.env) {
  const { status, signal, error } = spawnSync(program, argv, { cwd: ROOT, stdio: 'inherit', env: environment })
  if (status !== 0) {
    fail(
      `${program} ${argv.join(' ')} ${error ? error.message : signal ? `was ended by ${signal}` : `failed (${status})`}`,
    )
  }
}

/** npm writes its own copy of the lock file last: older than ours, the installation is of an earlier state. */
function isInstalled() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
