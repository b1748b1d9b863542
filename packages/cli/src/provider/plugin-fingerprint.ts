import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProviderPlugin } from './provider-plugins.js'

/** More files than any provider plugin has; a folder with more is judged by the first of them. */
const MAX_FILES = 2_000
const CODE = /\.(?:[cm]?js|json|node|wasm)$/

/**
 * Changes whenever a plugin is installed, removed, updated or edited: a hash over names, versions and the size and
 * time of every file that could take part in making a profile.
 *
 * @param also - What else the result depends on, e.g. our own version.
 */
export function pluginFingerprint(plugins: readonly ProviderPlugin[], also: readonly string[]): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(also))
  for (const plugin of plugins) {
    hash.update(JSON.stringify(plugin))
    for (const line of fileStamps(plugin.root)) hash.update(line)
  }
  return hash.digest('hex')
}

function fileStamps(root: string): readonly string[] {
  const stamps: string[] = []
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined && stamps.length < MAX_FILES; folder = folders.pop()) {
    for (const entry of listed(join(root, folder))) {
      const path = join(folder, entry.name)
      // A dependency's own change comes with a new version of the plugin, or with `plugins update`, which rewrites it.
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) folders.push(path)
      else if (CODE.test(entry.name)) stamps.push(stamp(root, path))
    }
  }
  return stamps.toSorted()
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return [] // The child that loads the plugin says what is wrong with it.
  }
}

function stamp(root: string, path: string): string {
  const stats = statSync(join(root, path), { throwIfNoEntry: false })
  return `${path}\0${stats?.size ?? -1}\0${stats?.mtimeMs ?? -1}\n`
}
