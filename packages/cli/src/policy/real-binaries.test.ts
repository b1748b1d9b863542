import { expect, test } from 'vitest'
import { withRealBinaries } from './real-binaries.js'

const links: Readonly<Record<string, string>> = {
  '/usr/bin/python3': '/usr/bin/python3.11',
  '/usr/bin/git': '/usr/bin/git',
}

function realPath(path: string): string {
  const found = links[path]
  if (found === undefined) throw new Error('ENOENT')
  return found
}

const policyOf = (...binaries: readonly string[]) => ({ policies: [{ name: 'a', endpoints: [], binaries }] })

test('a program named by a link is known by what it leads to as well', () => {
  expect(withRealBinaries(policyOf('/usr/bin/python3'), realPath)).toEqual(
    policyOf('/usr/bin/python3', '/usr/bin/python3.11'),
  )
})

test('a plain path, a glob and a program that is not there stay as they are', () => {
  const binaries = ['/usr/bin/git', '/usr/bin/python3*', '/opt/missing']

  expect(withRealBinaries(policyOf(...binaries), realPath)).toEqual(policyOf(...binaries))
})

test('a policy for any program does not become one for some', () => {
  expect(withRealBinaries(policyOf(), realPath)).toEqual(policyOf())
})
