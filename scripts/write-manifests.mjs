import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Plugin } from '@oclif/core'
import { settings } from '@oclif/core/settings'
import { buildTime, builtNeighbours } from '../packages/cli/dist/manifest/build-time.js'
import { discardStaleManifests } from '../packages/cli/dist/manifest/discard-stale-manifests.js'

// The last step of a build: writes the list of commands that oclif reads instead of every command's module. Each
// carries the time of the build it describes, taken before the commands were read, so that a build that happens
// meanwhile, or later, makes it stale; start-cli.ts removes what is stale.
const CLI = fileURLToPath(new URL('../packages/cli', import.meta.url))

settings.enableAutoTranspile = false
const builtAt = buildTime(CLI)
discardStaleManifests(CLI, console.error)
for (const root of builtNeighbours(CLI)) {
  const path = join(root, 'oclif.manifest.json')
  if (existsSync(path) || !hasCommands(root)) continue
  const plugin = new Plugin({
    root,
    type: 'core',
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  // Renamed into place: commands may be starting.
  const temporary = `${path}.${randomUUID()}`
  try {
    writeFileSync(temporary, `${JSON.stringify(plugin.manifest)}\n`)
    utimesSync(temporary, builtAt / 1000, builtAt / 1000)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function hasCommands(root) {
  const description = join(root, 'package.json')
  return existsSync(description) && JSON.parse(readFileSync(description, 'utf8')).oclif?.commands !== undefined
}
