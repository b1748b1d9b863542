import { expect, test } from 'vitest'
import { compilePathGlob } from './path-glob.js'

const matches = (pattern: string, path: string) => compilePathGlob(pattern)(path)

test('a path without a star matches itself and nothing else', () => {
  expect(matches('/usr/bin/git', '/usr/bin/git')).toBe(true)
  for (const other of ['/usr/bin/git2', '/usr/bin/gi', '/usr/bin/Git', '/x/usr/bin/git', '/usr/bin/git/', '']) {
    expect(matches('/usr/bin/git', other), other).toBe(false)
  }
})

test('one star matches within a segment, also nothing, and never a slash', () => {
  expect(matches('/usr/bin/python3*', '/usr/bin/python3')).toBe(true)
  expect(matches('/usr/bin/python3*', '/usr/bin/python3.11')).toBe(true)
  expect(matches('/usr/bin/python3*', '/usr/bin/python3/evil')).toBe(false)
  expect(matches('/home/*/bin/tool', '/home/ada/bin/tool')).toBe(true)
  expect(matches('/home/*/bin/tool', '/home/ada/x/bin/tool')).toBe(false)
  expect(matches('/*', '/')).toBe(true)
  expect(matches('/*', '/a/b')).toBe(false)
  expect(matches('/a*b*c', '/axbxbxc')).toBe(true)
  expect(matches('/a*b*c', '/axbx/xc')).toBe(false)
})

test('two stars match across segments', () => {
  expect(matches('/opt/**', '/opt/a/b/c')).toBe(true)
  expect(matches('/opt/**', '/opt/')).toBe(true)
  expect(matches('/opt/**', '/opt')).toBe(false)
  expect(matches('/opt/**', '/optical')).toBe(false)
  expect(matches('/opt/**/*.so', '/opt/a/b/c.so')).toBe(true)
  expect(matches('/opt/**.so', '/opt/a/b/c.so')).toBe(true)
  expect(matches('**', '/any/thing')).toBe(true)
  expect(matches('**', '')).toBe(true)
  expect(matches('**/git', '/usr/bin/git')).toBe(true)
  expect(matches('**/git', '/usr/bin/legit')).toBe(false)
})

test('two stars between slashes match no segment as well as many', () => {
  expect(matches('/a/**/b', '/a/b')).toBe(true)
  expect(matches('/a/**/b', '/a/x/b')).toBe(true)
  expect(matches('/a/**/b', '/a/x/y/b')).toBe(true)
  expect(matches('/a/**/b', '/ab')).toBe(false)
  expect(matches('/a/**/b', '/a/xb')).toBe(false)
  expect(matches('/a/**/**/b', '/a/b')).toBe(true)
  expect(matches('/a/**/*', '/a/b')).toBe(true)
})

test('more than two stars are two stars', () => {
  expect(matches('/a/***', '/a/b/c')).toBe(true)
  expect(matches('/a/****/c', '/a/c')).toBe(true)
})

test('no other character has a meaning', () => {
  for (const literal of [
    '/a?c',
    '/[ab]',
    '/{a,b}',
    '/a.c',
    '/a+',
    '/\\a',
    '/!a',
    '/(a)',
    '/^$',
    '/a|b',
    '/%2a',
    '/é',
  ]) {
    expect(matches(literal, literal), literal).toBe(true)
    expect(matches(`${literal}*`, literal), literal).toBe(true)
  }
  expect(matches('/a?c*', '/abc')).toBe(false)
  expect(matches('/a.c*', '/abc')).toBe(false)
  expect(matches('/[ab]*', '/a')).toBe(false)
  expect(matches('/\\**', '/*')).toBe(false)
})

test('a line break is a character like any other', () => {
  expect(matches('/a*', '/a\nb')).toBe(true)
  expect(matches('/a', '/a\n')).toBe(false)
})

test('a hostile path costs no more than pattern times path', () => {
  const pattern = compilePathGlob(`/${'**a*'.repeat(30)}/end`)
  const path = `/${'a'.repeat(4000)}`
  const start = performance.now()

  expect(pattern(path)).toBe(false)

  // A backtracking matcher does not come back at all. Far above what it takes, for a busy machine.
  expect(performance.now() - start).toBeLessThan(1000)
})

test('decides as the plain definition does, for every short pattern and path', () => {
  const words = (letters: string, length: number): string[] =>
    length === 0 ? [''] : words(letters, length - 1).flatMap((word) => [word, ...[...letters].map((l) => word + l)])
  const paths = [...new Set(words('a/b', 5))]
  for (const pattern of new Set(words('a/*', 6))) {
    const glob = compilePathGlob(pattern)
    const definition = definitionOf(pattern)
    for (const path of paths) {
      if (glob(path) !== definition.test(path)) {
        expect.fail(`${pattern} on ${path}: ${glob(path)}`)
      }
    }
  }
})

function definitionOf(pattern: string): RegExp {
  const body = pattern
    .replace(/\*{2,}/g, '**')
    .replace(/(?<=\/)\*\*\/|\*\*|\*/g, (stars) => ({ '**/': '(?:.*/)?', '**': '.*' })[stars] ?? '[^/]*')
  return new RegExp(`^${body}$`, 's')
}
