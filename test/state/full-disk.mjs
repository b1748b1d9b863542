// Usage: full-disk.mjs DIRECTORY, which is made a small file system of its own: run it in a mount namespace.
// Prints as JSON what became of updates on a disk that is full, and on one that has 4 KiB left.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { LocalConfigStore } from '../../packages/cli/dist/cluster/local-config-store.js'

const [disk] = process.argv.slice(2)
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=755', 'tmpfs', disk])
const directory = `${disk}/nemoclaw`
const store = new LocalConfigStore({ directory, shownAs: '~/.config/nemoclaw' })
const add = (name) => (current) => {
  const now = '2026-01-31T12:00:00.000Z'
  const config = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`K${index}`, 'x'.repeat(4000)]))
  const record = { id: name, name, type: 'mock', credentials: {}, config, headers: [], createdAt: now, updatedAt: now }
  return { ...current, providers: { ...current.providers, [name]: record } }
}
const attempt = async (name) => {
  try {
    await store.update(add(name))
    return { stored: name }
  } catch (error) {
    return { code: error.code, message: error.message, suggestions: error.suggestions }
  }
}
const state = () => ({
  text: readFileSync(`${directory}/config.json`, 'utf8').length,
  files: readdirSync(directory).sort(),
})

await store.update((current) => current)
const before = state()
const filler = openSync(`${disk}/filler`, 'w')
let written = 0
try {
  for (;;) written += writeSync(filler, Buffer.alloc(4096))
} catch {
  closeSync(filler)
}
const full = await attempt('full')
truncateSync(`${disk}/filler`, written - 4096)
const nearlyFull = await attempt('nearly-full')
const after = state()
rmSync(`${disk}/filler`)
const freed = await attempt('freed')
console.log(JSON.stringify({ before, full, nearlyFull, after, freed, version: (await store.read()).version }))
