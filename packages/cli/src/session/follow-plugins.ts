import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Interfaces } from '@oclif/core'

/**
 * Lets a proxy know of plugins that are installed while it runs: `discover` is given oclif's configuration as it was
 * loaded at the start, or anew where the list of the user's plugins has changed since. None of their code is loaded.
 */
export function followPlugins<Found>(
  loaded: Interfaces.Config,
  discover: (config: Interfaces.Config) => Promise<Found>,
): () => Promise<Found> {
  let config = loaded
  let seen = listStamp(loaded)
  return async () => {
    const now = listStamp(loaded)
    if (now !== seen) {
      const { Config } = await import('@oclif/core/config')
      const anew = new Config({ root: loaded.root })
      await anew.load()
      config = anew
      seen = now
    }
    return discover(config)
  }
}

/** Where plugin-plugins keeps the list of what the user installed and linked. */
function listStamp({ dataDir }: Interfaces.Config): string {
  const stats = statSync(join(dataDir, 'package.json'), { throwIfNoEntry: false })
  return stats ? `${stats.ino}:${stats.size}:${stats.mtimeMs}` : 'none'
}
