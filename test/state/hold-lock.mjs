// Usage: hold-lock.mjs PATH. Holds the lock and says so, until it is killed.
import { writeSync } from 'node:fs'
import { withFileLock } from '../../packages/cli/dist/config/file-lock.js'

const lock = {
  path: process.argv[2],
  shownAs: 'x',
  lockedCode: 'ERR_CONFIG_LOCKED',
  unwritableCode: 'ERR_CONFIG_UNWRITABLE',
}
await withFileLock(lock, async () => {
  writeSync(1, 'held\n')
  await new Promise((resolve) => setTimeout(resolve, 60_000))
})
