import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What every build by tsc writes anew. It is not published. */
const BUILD_MARK = join('dist', '.tsbuildinfo')

/**
 * When the workspace that a package lies in was last built, in milliseconds since 1970, whichever of its packages it
 * was: what a command accepts may come from a constant of another one.
 *
 * @param packageRoot - Absolute path.
 * @returns `undefined` for a package that was installed, and so never changes.
 */
export function buildTime(packageRoot: string): number | undefined {
  if (modifiedAt(join(packageRoot, BUILD_MARK)) === undefined) return undefined
  return Math.max(...builtNeighbours(packageRoot).map((root) => modifiedAt(join(root, BUILD_MARK)) ?? 0))
}

/** The packages that are built together with this one, itself included. */
export function builtNeighbours(packageRoot: string): readonly string[] {
  const folder = dirname(packageRoot)
  const roots = readdirSync(folder).map((name) => join(folder, name))
  return roots.filter((root) => modifiedAt(join(root, BUILD_MARK)) !== undefined)
}

/** @returns `undefined` where there is no such file. */
export function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
