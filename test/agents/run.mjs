import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run, setUp } from '../../scripts/set-up.mjs'

// `npm run test:agents`: installs the agents (about 800 MB) where they are missing, and runs them against the mock.
const FOLDER = join('test', 'agents')

setUp()
if (!hasAgents()) {
  console.log('Installing the agents (npm ci) ...')
  run('npm', ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund', '--loglevel=error'])
}
run(process.execPath, [
  join('node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--config',
  join(FOLDER, 'vitest.config.ts'),
])

/** Whether the versions that package.json pins are there. */
function hasAgents() {
  const { dependencies } = readJson('package.json')
  return Object.entries(dependencies).every(([name, version]) => {
    try {
      return readJson('node_modules', name, 'package.json').version === version
    } catch {
      return false
    }
  })
}

function readJson(...path) {
  return JSON.parse(readFileSync(join(ROOT, FOLDER, ...path), 'utf8'))
}
