import { expect, test } from 'vitest'
import { hostsFileAddresses } from './hosts-file.js'

const TEXT = `
127.0.0.1\tlocalhost
10.0.0.5  wiki.example WIKI # the wiki
fd00::5   wiki.example
10.0.0.6 # wiki.example
0x7f.1 odd.example
10.0.0.7 not-wiki.example other.example.
`

test.each([
  ['wiki.example', ['10.0.0.5', 'fd00::5']],
  ['wiki', ['10.0.0.5']],
  ['other.example', ['10.0.0.7']],
  ['odd.example', []],
  ['example', []],
  ['missing.example', []],
])('%s has the addresses %j', (host, addresses) => {
  expect(hostsFileAddresses(host, () => TEXT)).toEqual(addresses)
})
