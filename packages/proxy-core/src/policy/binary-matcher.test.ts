import { expect, test } from 'vitest'
import { binaryMatcher } from './binary-matcher.js'

const allows = (patterns: readonly string[], ...processes: readonly (readonly string[])[]) =>
  binaryMatcher(patterns)({ processes })

test('a program that is named is allowed, another is not', () => {
  expect(allows(['/usr/bin/git'], ['/usr/bin/git', '/usr/bin/bash'])).toBe(true)
  expect(allows(['/usr/bin/git'], ['/usr/bin/curl', '/usr/bin/bash'])).toBe(false)
})

test('a program is allowed by an ancestor that is named', () => {
  expect(allows(['/usr/bin/git'], ['/usr/lib/git-core/git-remote-http', '/usr/bin/git', '/usr/bin/bash'])).toBe(true)
})

test('one of several patterns is enough, globs among them', () => {
  expect(allows(['/usr/bin/git', '/usr/bin/python3*'], ['/usr/bin/python3.11'])).toBe(true)
  expect(allows(['/opt/**'], ['/opt/agent/bin/node'])).toBe(true)
  expect(allows(['/opt/*'], ['/opt/agent/bin/node'])).toBe(false)
})

test('every process that holds the connection must be allowed', () => {
  expect(allows(['/usr/bin/git'], ['/usr/bin/git'], ['/opt/other'])).toBe(false)
  expect(allows(['/usr/bin/git'], ['/opt/other'], ['/usr/bin/git'])).toBe(false)
  expect(allows(['/usr/bin/git', '/usr/bin/bash'], ['/usr/bin/git'], ['/usr/bin/bash'])).toBe(true)
})

test('no pattern and no process allow nothing', () => {
  expect(allows([], ['/usr/bin/git'])).toBe(false)
  expect(allows(['**'])).toBe(false)
})
