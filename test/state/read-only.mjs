// Usage: read-only.mjs DIRECTORY. Mounts it read-only on itself: run it in a mount namespace. Prints as JSON what became
// of a read, and of an update with and without a lock file.
import { execFileSync } from 'node:child_process'
import { LocalConfigStore } from '../../packages/cli/dist/cluster/local-config-store.js'

const [directory] = process.argv.slice(2)
execFileSync('mount', ['--bind', directory, directory])
execFileSync('mount', ['-o', 'remount,bind,ro', directory])
const attempt = async (path) => {
  const store = new LocalConfigStore({ directory: path, shownAs: '~/.config/nemoclaw' })
  try {
    return { version: (await store.read()).version, update: await store.update((current) => current) }
  } catch (error) {
    return { version: (await store.read()).version, code: error.code, message: error.message }
  }
}
console.log(JSON.stringify({ existing: await attempt(directory), missing: await attempt(`${directory}/below`) }))
