import { expect, test } from 'vitest'
import { binaryViolation, pathViolation } from './path-violation.js'

test.each(['/', '/usr', '/usr/bin/git', '/opt/my app/x', '/usr/bin/..git', '/.config'])('%s is a path', (path) => {
  expect(pathViolation(path)).toBeUndefined()
})

test.each([
  ['', /^is not an absolute path/],
  ['usr/bin', /^is not an absolute path/],
  ['~/bin', /^is not an absolute path/],
  ['/usr/', /^ends in a slash; write \/usr$/],
  ['///', /^ends in a slash; write \/$/],
  ['/usr//bin', /^holds an empty segment; write \/usr\/bin$/],
  ['/usr/./bin', /^holds "\." or "\.\."/],
  ['/usr/..', /^holds "\." or "\.\."/],
  ['/a\nb', /^holds a control character$/],
  ['/a\u001b[2J', /^holds a control character$/],
])('%j is none', (path, why) => {
  expect(pathViolation(path)).toMatch(why)
})

test.each(['/usr/bin/git', '/usr/bin/python3*', '/usr/lib/git-core/**', '/**/bin/node', '/*/git'])(
  '%s stands for programs',
  (path) => {
    expect(binaryViolation(path)).toBeUndefined()
  },
)

test.each([
  ['/*', /^would be any program; leave "binaries" out for that$/],
  ['/**', /^would be any program/],
  ['/**/*', /^would be any program/],
  ['/usr/***', /^holds \*\*\*/],
  ['/', /^is no program$/],
  ['git', /^is not an absolute path/],
])('%s does not', (path, why) => {
  expect(binaryViolation(path)).toMatch(why)
})
