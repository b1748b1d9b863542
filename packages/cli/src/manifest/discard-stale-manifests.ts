import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildTime, builtNeighbours, modifiedAt } from './build-time.js'

const MANIFEST = 'oclif.manifest.json'
/** Setting a file's time loses a part of the last microsecond; no two builds are this near. */
const SAME_MS = 1

/**
 * Removes the manifests of this workspace that describe another build than the one at hand: oclif would believe them,
 * and not know a new command. `npm run build` gives a manifest the time of the build it describes. Without one, oclif
 * reads the commands themselves, which is always right and takes longer.
 *
 * @param packageRoot - Folder of this package. Nothing is done where it was installed rather than built.
 * @param warn - Told of a manifest that is stale and cannot be removed.
 */
export function discardStaleManifests(packageRoot: string, warn: (text: string) => void): void {
  const root = resolve(packageRoot)
  const builtAt = buildTime(root)
  if (builtAt === undefined) return
  for (const neighbour of builtNeighbours(root)) {
    const path = join(neighbour, MANIFEST)
    const describes = modifiedAt(path)
    if (describes === undefined || Math.abs(describes - builtAt) < SAME_MS) continue
    try {
      rmSync(path, { force: true })
    } catch {
      warn(`${path} describes another build and cannot be removed; commands may be missing. Run: npm run build`)
    }
  }
}
