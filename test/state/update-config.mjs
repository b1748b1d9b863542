// Usage: update-config.mjs DIRECTORY PREFIX COUNT. Adds providers PREFIX-0, PREFIX-1 ... one update each, and says each
// one's name when it is stored.
import { writeSync } from 'node:fs'
import { LocalConfigStore } from '../../packages/cli/dist/cluster/local-config-store.js'

const [directory, prefix, count] = process.argv.slice(2)
const store = new LocalConfigStore({ directory })
for (let index = 0; index < Number(count); index++) {
  const name = `${prefix}-${index}`
  const now = new Date().toISOString()
  const record = {
    id: name,
    name,
    type: 'mock',
    credentials: {},
    config: {},
    headers: [],
    createdAt: now,
    updatedAt: now,
  }
  await store.update((current) => ({ ...current, providers: { ...current.providers, [name]: record } }))
  writeSync(1, `${name}\n`)
}
