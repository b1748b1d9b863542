import { join } from 'node:path'
import { run, setUp } from './set-up.mjs'

setUp()
run(process.execPath, [join('packages', 'cli', 'bin', 'run.js'), 'demo', ...process.argv.slice(2)])
