import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDebianPackages, TEST_PACKAGES } from './debian-packages.mjs'
import { ROOT, run, setUp } from './set-up.mjs'

// `npm test` does all its set-up. With arguments (`npm test -- test/proxy`) it runs those test files only.
const argv = process.argv.slice(2)

setUp()
ensureDebianPackages(TEST_PACKAGES)
run(process.execPath, [join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', '.'])

const runs = [testsOn(process.execPath)]
if (process.env.CI === 'true') {
  runs.push(testsOn(installNode24()))
}
for (const { node, failed } of runs.filter((each) => each.failed > 0)) {
  console.log(`FAILED on Node ${node}: ${failed}`)
}
const sum = (count) => runs.reduce((total, each) => total + each[count], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exit(sum('failed') > 0 || sum('passed') === 0 ? 1 : 0)

/** Runs the tests on one Node.js. A run that ends without a report has failed. */
function testsOn(node) {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-test-'))
  const report = join(folder, 'report.json')
  const version = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim()
  console.log(`\nTests on Node ${version}`)
  const { status } = spawnSync(
    node,
    [
      join('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...argv,
    ],
    // Children that say `node` get this one too.
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: `${join(node, '..')}:${process.env.PATH}` } },
  )
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
    const failed = status === 0 ? numFailedTests : Math.max(1, numFailedTests)
    return { node: version, passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests }
  } catch {
    return { node: version, passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node 24 from the npm package of that name, beside and not instead of the one that runs this. */
function installNode24() {
  const folder = join(ROOT, '.cache', 'node-24')
  run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', 'node@24'])
  return join(folder, 'node_modules', 'node', 'bin', 'node')
}
