import { expect, test } from 'vitest'
import { CompiledPolicy } from './compile-policy.js'
import { decideEgress, type EgressRequest, needsPrograms } from './decide-egress.js'
import type { NetworkPolicy, PolicyEndpoint } from './egress-policy.js'

const plain = { ports: [443], allowedIps: [], resolve: [], rules: [] } satisfies PolicyEndpoint
const lab = { ...plain, ports: [8000], allowedIps: ['10.86.8.0/24'] } satisfies PolicyEndpoint

const POLICY = compile([
  { name: 'api', binaries: [], endpoints: [{ ...plain, host: 'api.example.com' }] },
  { name: 'git', binaries: ['/usr/bin/git'], endpoints: [{ ...plain, host: 'git.example.com' }] },
  { name: 'lab', binaries: [], endpoints: [{ ...lab, host: 'lab.example.com' }] },
  {
    name: 'ruled',
    binaries: [],
    endpoints: [{ ...lab, host: 'ruled.example.com', rules: [{ method: 'GET', path: '/v1/**' }] }],
  },
])

function compile(policies: readonly NetworkPolicy[]) {
  return new CompiledPolicy({ policies })
}

const decide = (asked: Partial<EgressRequest>, policy = POLICY) =>
  decideEgress(policy, { host: 'api.example.com', port: 443, via: 'tunnel', ...asked })

test('allows what a policy names, and says which endpoints do', () => {
  const verdict = decide({})

  expect(verdict.action === 'allow' && verdict.endpoints.map(({ policy }) => policy)).toEqual(['api'])
})

test('denies what no policy names, and tells the ports of a host that is named with others', () => {
  expect(decide({ host: 'evil.com' })).toEqual({ action: 'deny', why: 'no_policy' })
  expect(decide({ port: 80 })).toEqual({ action: 'deny', why: 'port', ports: [443] })
})

test('denies this machine and metadata services, whatever the policy says, by name and by address', () => {
  for (const host of [
    'localhost',
    'a.localhost',
    'metadata.google.internal',
    '127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:7f00:1',
    'fe80::1',
  ]) {
    const policy = compile([{ name: 'p', binaries: [], endpoints: [{ ...plain, host }] }])
    expect([host, decide({ host }, policy)]).toEqual([host, { action: 'deny', why: 'never' }])
  }
})

test('denies programs that the policy does not name, and those that cannot be told', () => {
  const git = { processes: [['/usr/bin/git']] }
  const curl = { processes: [['/usr/bin/curl']] }
  const host = 'git.example.com'

  expect(decide({ host, programs: git }).action).toBe('allow')
  expect(decide({ host, programs: curl })).toEqual({ action: 'deny', why: 'program', policy: 'git', programs: curl })
  expect(decide({ host })).toEqual({ action: 'deny', why: 'program', policy: 'git', programs: undefined })
  expect(
    [host, 'api.example.com'].map((each) => needsPrograms(POLICY, { host: each, port: 443, via: 'tunnel' })),
  ).toEqual([true, false])
})

test('forwards plain HTTP only where the endpoint lists its addresses', () => {
  expect(decide({ via: 'forward' })).toEqual({ action: 'deny', why: 'no_allowed_ips', policy: 'api' })
  expect(decide({ host: 'lab.example.com', port: 8000, via: 'forward' }).action).toBe('allow')
})

test('judges method and path where they are known and the endpoint has rules', () => {
  const ask = (method: string, path: string) =>
    decide({ host: 'ruled.example.com', port: 8000, via: 'forward', http: { method, path } })

  expect(ask('GET', '/v1/models').action).toBe('allow')
  expect(ask('POST', '/v1/models')).toEqual({ action: 'deny', why: 'method_or_path', policy: 'ruled' })
  expect(ask('GET', '/admin')).toEqual({ action: 'deny', why: 'method_or_path', policy: 'ruled' })
  expect(ask('GET', '/v1/../admin')).toEqual({ action: 'deny', why: 'ambiguous_path', policy: 'ruled' })
  expect(decide({ host: 'ruled.example.com', port: 8000 }).action).toBe('allow')
})

test('judges no path where the endpoint has no rules', () => {
  const http = { method: 'GET', path: '/a/../b' }

  expect(decide({ host: 'lab.example.com', port: 8000, via: 'forward', http }).action).toBe('allow')
})
