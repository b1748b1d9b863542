import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../packages/cli/src/policy/parse-policy.js'
import { cliHome } from '../cli/run-cli.js'
import { type EndpointYaml, policyText } from './egress-proxy.js'

// What a policy file may not say (115), so that the gate never has to judge it.

const endpoint = (more: EndpointYaml) => policyText({ lab: { endpoints: [{ port: 8000, ...more }] } })

/** @returns What a file is refused with, or that it is not. */
function refusalOf(text: string): string {
  try {
    parsePolicy(text, { shownAs: 'policy.yaml', platform: 'linux' })
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

const WITH_PLACE = expect.stringMatching(/policy\.yaml:\d+:\d+|policy\.yaml.*line \d+, column \d+/)

test.each([
  '127.0.0.0/8',
  '127.0.0.1/32',
  '0.0.0.0/0',
  '0.0.0.0/8',
  '96.0.0.0/3',
  '169.254.0.0/16',
  '168.0.0.0/6',
  '169.254.169.254/32',
  '::1/128',
  '::/0',
  '::/96',
  '::ffff:0:0/96',
  '::ffff:127.0.0.1/128',
  '::ffff:169.254.0.0/112',
  'fe80::/10',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'fd00::/129',
  'lab.example.com',
  'lab.example.com/32',
  '10.0.0.0-10.0.0.9',
  '10.0.0.*',
  '0x0a000000/8',
  '10.1/16',
  '010.0.0.0/8',
  '167772160/8',
  'fd00::1%eth0/64',
  '',
])('SSRF-7 allowed_ips with %j is refused with line and column', (block) => {
  expect(refusalOf(endpoint({ host: 'lab.example.com', allowed_ips: [block] }))).toEqual(WITH_PLACE)
})

test('SSRF-7 a network with bits of a host in it is refused with the network that was meant, or taken for it', () => {
  expect(refusalOf(endpoint({ host: 'lab.example.com', allowed_ips: ['10.0.0.1/8'] }))).toMatch(
    /accepted|10\.0\.0\.0\/8/,
  )
})

test.each([
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '127.0.0.1',
  'localhost',
  'x.localhost',
  '::1',
  '[::1]',
  '::ffff:127.0.0.1',
  '0.0.0.0',
  '169.254.169.254',
  'fd00:ec2::254',
  'metadata.google.internal',
  'metadata.google.internal.',
  'fe80::1%eth0',
  '*',
  '*.*',
  '*.com.*',
  'a.*.com',
  'ex*mple.com',
  'http://example.com',
  'example.com:443',
  'example.com/',
  'u@example.com',
  'exa mple.com',
  'ex\u00e4mple.com',
  '-a.example.com',
  'a..example.com',
  '',
])('the host %j is refused with line and column (112, 113)', (host) => {
  expect(refusalOf(endpoint({ host }))).toEqual(WITH_PLACE)
})

test.each<readonly [string, string]>([
  ['a range of ports', endpoint({ host: 'a.example.com' }).replace('8000', '"8000-8010"')],
  ['port 0', endpoint({ host: 'a.example.com', port: 0 })],
  ['port 65536', endpoint({ host: 'a.example.com', port: 65_536 })],
  ['a negative port', endpoint({ host: 'a.example.com', port: -1 })],
  ['half a port', endpoint({ host: 'a.example.com', port: 80.5 })],
  ['every port', endpoint({ host: 'a.example.com' }).replace('8000', '"*"')],
  ['no port', endpoint({ host: 'a.example.com' }).replace(/"port": 8000,\s*/, '')],
  ['no host and no addresses', endpoint({})],
  ['a method that is none', endpoint({ host: 'a.example.com', rules: [{ method: 'GE T', path: '/' }] })],
  ['a path that is none', endpoint({ host: 'a.example.com', rules: [{ method: 'GET', path: 'v1' }] })],
  [
    'a program without a path',
    policyText({ lab: { endpoints: [{ host: 'a.example.com', port: 1 }], binaries: [{ path: 'git' }] } }),
  ],
])('%s is refused with line and column', (_what, text) => {
  expect(refusalOf(text)).toEqual(WITH_PLACE)
})

test('what is accepted is accepted', () => {
  expect(
    refusalOf(endpoint({ host: '*.example.com', allowed_ips: ['10.0.0.0/8', 'fd00::/8', '192.168.1.1/32'] })),
  ).toBe('accepted')
})

test('policy validate and proxy run refuse such a file with exit code 1, its name and the place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-policy-'))
  using home = cliHome()
  const file = join(folder, 'policy.yaml')
  writeFileSync(file, endpoint({ host: 'lab.example.com', allowed_ips: ['127.0.0.0/8'] }))

  for (const args of [
    ['policy', 'validate', file],
    ['proxy', 'run', '--listen', '127.0.0.1:0', '--policy', file],
  ]) {
    const { code, stderr } = await home.run(args)
    expect([args[1], code, stderr]).toEqual([args[1], 1, expect.stringContaining(`${file}:10:13`)])
  }
  rmSync(folder, { recursive: true })
})
