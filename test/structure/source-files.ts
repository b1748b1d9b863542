import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A file of a package's own code; tests and declarations are left out. */
export interface SourceFile {
  /** From the root of the project, e.g. `packages/proxy-core/src/http/via.ts`. */
  readonly path: string
  readonly text: string
}

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

export function readProjectFile(path: string): string {
  return readFileSync(`${PROJECT}${path}`, 'utf8')
}

/** @returns The code of every package, or of those named. */
export function sourceFiles(...packages: readonly string[]): readonly SourceFile[] {
  const folders = packages.length > 0 ? packages : readdirSync(`${PROJECT}packages`)
  return folders.flatMap((folder) => {
    const source = `packages/${folder}/src`
    return readdirSync(`${PROJECT}${source}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !/\.test\.[jt]s$|\.d\.ts$/.test(path))
      .toSorted()
      .map((path) => ({ path: `${source}/${path}`, text: readProjectFile(`${source}/${path}`) }))
  })
}

/** A file's code without its comments. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}
