// Usage: attempt-update.mjs DIRECTORY. Prints as JSON what became of an update.
import { LocalConfigStore } from '../../packages/cli/dist/cluster/local-config-store.js'

const store = new LocalConfigStore({ directory: process.argv[2], shownAs: '~/.config/nemoclaw' })
const begin = performance.now()
try {
  await store.update((current) => current)
  console.log(JSON.stringify({ stored: true }))
} catch ({ code, message, suggestions }) {
  console.log(JSON.stringify({ code, message, suggestions, ms: performance.now() - begin }))
}
