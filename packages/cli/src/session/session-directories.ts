import { join } from 'node:path'
import type { StateDirectory } from '../config/state-directory.js'

/** Where this user's running proxies leave their records. */
export function sessionDirectoryOf(dataDirectory: string): StateDirectory {
  const path = join(dataDirectory, 'sessions')
  return { path, shownAs: path }
}

/** Where this user's CA lives. */
export function caDirectoryOf(dataDirectory: string): StateDirectory {
  const path = join(dataDirectory, 'ca')
  return { path, shownAs: path }
}
