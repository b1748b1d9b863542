import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { ALLOW_COMMAND, shellWord } from '@nemoclaw/proxy-core/policy'
import type { StateDirectory } from '../config/state-directory.js'

/** Where a policy is kept, and how the user calls it. */
export interface PolicyFile {
  /** Absolute. */
  readonly path: string
  /** What messages call it, e.g. `~/.config/nemoclaw/policy.yaml`. */
  readonly shownAs: string
  /** The folder of the user's configuration, where the policy is there; it is made by the first change. */
  readonly directory?: StateDirectory
}

/** @param named - The file of `--policy`; absent for the user's own. */
export function policyFileOf(directory: StateDirectory, named?: string): PolicyFile {
  if (named !== undefined) return { path: resolve(named), shownAs: shortened(named) }
  return { path: join(directory.path, 'policy.yaml'), shownAs: join(directory.shownAs, 'policy.yaml'), directory }
}

/** What a person types to allow a destination in that file, up to the destination. */
export function allowCommandOf({ directory, path }: PolicyFile): string {
  return directory ? ALLOW_COMMAND : `${ALLOW_COMMAND} --policy ${shellWord(path)}`
}

/** A shell has written the home folder out. */
function shortened(path: string): string {
  const home = homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
