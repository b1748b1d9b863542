import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sourceFiles } from './source-files.js'

const CORE = 'packages/proxy-core/src/'

/**
 * What each part of the core may import: from the listener down to the failure table, never up. A new arrow means a line
 * here, and a reason.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // The files at the top: listener, server, client connection, connections.
  proxy: [
    'access',
    'connect',
    'forward',
    'policy',
    'inference',
    'tls',
    'upstream',
    'route',
    'http',
    'egress-facts',
    'proxy-event',
    'proxy-error',
  ],
  connect: ['access', 'policy', 'upstream', 'address', 'http', 'egress-facts', 'proxy-error'],
  forward: ['access', 'policy', 'upstream', 'http', 'egress-facts', 'proxy-error'],
  inference: ['stream', 'upstream', 'route', 'provider', 'http', 'proxy-event', 'proxy-error'],
  access: ['http', 'proxy-error'],
  policy: ['access', 'address', 'provider', 'http', 'proxy-error'],
  stream: ['upstream', 'http', 'proxy-error'],
  upstream: ['route', 'address', 'http', 'proxy-error'],
  tls: ['proxy-error'],
  route: ['provider'],
  http: ['address', 'proxy-error'],
  address: [],
  provider: [],
  // Types of what is told.
  'egress-facts': ['policy'],
  'proxy-event': ['policy', 'route', 'stream', 'tls', 'egress-facts', 'proxy-error'],
  'proxy-error': [],
}

/** What the package shows to others; they only re-export. */
const ENTRIES = ['index', 'control-plane']

function partOf(path: string): string {
  const [first = '', ...rest] = path.slice(CORE.length).split('/')
  const name = first.replace(/\.ts$/, '')
  return rest.length > 0 || name in MAY_IMPORT || ENTRIES.includes(name) ? name : 'proxy'
}

const imports = sourceFiles('proxy-core').flatMap(({ path, text }) =>
  [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, specifier = '']) => ({
    path,
    from: partOf(path),
    to: partOf(posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')),
  })),
)

test('the table covers every folder of the core', () => {
  const parts = new Set(imports.flatMap(({ from, to }) => [from, to]))

  expect([...parts].filter((part) => !ENTRIES.includes(part) && !(part in MAY_IMPORT))).toEqual([])
  expect(parts.size).toBeGreaterThan(10)
})

test('nothing imports against the direction', () => {
  const wrong = imports
    .filter(({ from, to }) => from !== to && !ENTRIES.includes(from) && !MAY_IMPORT[from]?.includes(to))
    .map(({ path, to }) => `${path} imports ${to}`)

  expect(wrong).toEqual([])
})

test('no file imports an entry of the package', () => {
  expect(imports.filter(({ to }) => ENTRIES.includes(to))).toEqual([])
})

test('the direction has no circle', () => {
  const below = (part: string, path: readonly string[]): readonly string[] => {
    expect(path, `circle: ${[...path, part].join(' -> ')}`).not.toContain(part)
    return (MAY_IMPORT[part] ?? []).flatMap((next) => [next, ...below(next, [...path, part])])
  }

  for (const part of Object.keys(MAY_IMPORT)) {
    below(part, [])
  }
})

describe('between the packages', () => {
  const packagesImportedBy = (folder: string) =>
    new Set(
      sourceFiles(folder).flatMap(({ text }) =>
        [...text.matchAll(/(?:from|import\()\s*'(@nemoclaw\/[^']+|nemoclaw[^']*)'/g)].map(([, name]) => name),
      ),
    )

  test('the core imports none of ours', () => {
    expect([...packagesImportedBy('proxy-core')]).toEqual([])
  })

  test.each(['provider-openai', 'provider-nvidia', 'provider-anthropic', 'provider-mock'])(
    '%s imports the contract at most, and only as types',
    (folder) => {
      expect([...packagesImportedBy(folder)].filter((name) => name !== '@nemoclaw/proxy-core/provider')).toEqual([])
      for (const { path, text } of sourceFiles(folder)) {
        expect(text, path).not.toMatch(/^import (?!type)[^;]*'@nemoclaw\/proxy-core/m)
      }
    },
  )

  test('the command line names no vendor package', () => {
    expect([...packagesImportedBy('cli')].filter((name) => /provider-(?!mock)/.test(name ?? ''))).toEqual([])
  })
})
