import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { discardStaleManifests } from '../../packages/cli/src/manifest/discard-stale-manifests.js'

const CLI = fileURLToPath(new URL('../../packages/cli', import.meta.url))
const BUILD = 1_750_000_000.123

interface Package {
  /** Seconds since 1970; none for an installed package. */
  readonly builtAt?: number
  readonly manifestOf: number
}

/** A folder of packages, as in a workspace. */
function workspace(packages: Readonly<Record<string, Package>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-manifest-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, { builtAt, manifestOf }] of Object.entries(packages)) {
    mkdirSync(join(folder, name, 'dist'), { recursive: true })
    if (builtAt !== undefined) writeAt(join(folder, name, 'dist', '.tsbuildinfo'), builtAt)
    writeAt(join(folder, name, 'oclif.manifest.json'), manifestOf)
  }
  return folder
}

function writeAt(path: string, seconds: number): void {
  writeFileSync(path, '{}')
  utimesSync(path, seconds, seconds)
}

/** The packages that still have a manifest, and what was said. */
function discarded(folder: string, names: readonly string[]) {
  const warnings: string[] = []
  discardStaleManifests(join(folder, 'cli'), (text) => warnings.push(text))
  return { kept: names.filter((name) => existsSync(join(folder, name, 'oclif.manifest.json'))), warnings }
}

test('a manifest of the build at hand is kept', () => {
  const folder = workspace({ cli: { builtAt: BUILD, manifestOf: BUILD }, mock: { builtAt: 1, manifestOf: BUILD } })

  expect(discarded(folder, ['cli', 'mock'])).toEqual({ kept: ['cli', 'mock'], warnings: [] })
})

test.each([
  { cli: BUILD + 0.01, mock: BUILD },
  { cli: BUILD, mock: BUILD + 0.01 },
])('a build of any package after it makes every manifest stale, and it is removed: %j', ({ cli, mock }) => {
  const folder = workspace({ cli: { builtAt: cli, manifestOf: BUILD }, mock: { builtAt: mock, manifestOf: BUILD } })

  expect(discarded(folder, ['cli', 'mock'])).toEqual({ kept: [], warnings: [] })
})

test('a manifest that is newer than the build is stale too: it was made by something else', () => {
  const folder = workspace({ cli: { builtAt: BUILD, manifestOf: BUILD + 60 } })

  expect(discarded(folder, ['cli']).kept).toEqual([])
})

test('in an installation, where files have whatever time they were unpacked at, nothing is touched', () => {
  const folder = workspace({ cli: { manifestOf: BUILD }, other: { builtAt: BUILD + 1, manifestOf: BUILD } })

  expect(discarded(folder, ['cli', 'other']).kept).toEqual(['cli', 'other'])
})

test("next to a built package, an installed one's manifest is not ours to remove", () => {
  const folder = workspace({ cli: { builtAt: BUILD, manifestOf: BUILD }, other: { manifestOf: 1 } })

  expect(discarded(folder, ['other']).kept).toEqual(['other'])
})

test('the published package holds a manifest and no mark of a build', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: CLI,
    encoding: 'utf8',
  })
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }]
  const { files: listed, scripts } = JSON.parse(readFileSync(join(CLI, 'package.json'), 'utf8'))

  expect(files.map(({ path }) => path)).toContain('dist/start-cli.js')
  expect(files.map(({ path }) => path).filter((path) => path.includes('tsbuildinfo'))).toEqual([])
  expect(listed).toContain('oclif.manifest.json')
  expect(scripts.prepack).toBe('oclif manifest')
})
