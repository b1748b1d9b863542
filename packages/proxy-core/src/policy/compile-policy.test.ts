import { expect, test } from 'vitest'
import { CompiledPolicy } from './compile-policy.js'
import type { PolicyEndpoint } from './egress-policy.js'

const endpoint = (given: Partial<PolicyEndpoint>): PolicyEndpoint => ({
  ports: [443],
  allowedIps: [],
  resolve: [],
  rules: [],
  ...given,
})

/** One policy for each endpoint, named `p0`, `p1` and so on. */
function compile(...endpoints: readonly Partial<PolicyEndpoint>[]) {
  const policies = endpoints.map((each, index) => ({ name: `p${index}`, binaries: [], endpoints: [endpoint(each)] }))
  return new CompiledPolicy({ policies })
}

const found = (policy: CompiledPolicy, host: string, port = 443) =>
  policy.endpointsFor(host, port).map((each) => each.policy)

test('a host is found by exactly its name, not by one above, below or beside it', () => {
  const policy = compile({ host: 'api.example.com' })

  expect(found(policy, 'api.example.com')).toEqual(['p0'])
  for (const host of [
    'example.com',
    'x.api.example.com',
    'xapi.example.com',
    'api.example.co',
    'pi.example.com',
    'com',
  ]) {
    expect([host, found(policy, host)]).toEqual([host, []])
  }
})

test('a wildcard finds names with one more label, not the domain itself and nothing deeper', () => {
  const policy = compile({ host: '*.example.com' })

  expect(found(policy, 'a.example.com')).toEqual(['p0'])
  for (const host of ['example.com', 'b.a.example.com', 'aexample.com', 'a.example.com.evil.org', '*.x.example.com']) {
    expect([host, found(policy, host)]).toEqual([host, []])
  }
})

test('an endpoint is found at each of its ports and at no other', () => {
  const policy = compile(
    { host: 'api.example.com', ports: [443, 8443] },
    { host: 'api.example.com', ports: [8443, 22] },
  )

  expect([22, 80, 443, 8443].map((port) => found(policy, 'api.example.com', port))).toEqual([
    ['p1'],
    [],
    ['p0'],
    ['p0', 'p1'],
  ])
  expect(policy.portsOf('api.example.com')).toEqual([443, 8443, 22])
})

test('the ports of a host are those of its name and of the wildcard above it', () => {
  const policy = compile({ host: 'a.example.com', ports: [1] }, { host: '*.example.com', ports: [2, 1] })

  expect(policy.portsOf('a.example.com')).toEqual([1, 2])
  expect(policy.portsOf('b.example.com')).toEqual([2, 1])
  expect(policy.portsOf('example.com')).toEqual([])
})

test('a hostless endpoint is found by addresses in its blocks and by names below its domains, however deep', () => {
  const policy = compile({ allowedIps: ['10.1.0.0/16', 'fd00:1::/32'], resolve: ['corp.example'] })

  for (const host of ['10.1.2.3', 'fd00:1::2', 'a.corp.example', 'c.b.a.corp.example']) {
    expect([host, found(policy, host)]).toEqual([host, ['p0']])
  }
  for (const host of ['10.2.0.1', 'fd00:2::1', 'corp.example', 'acorp.example', 'corp.example.org']) {
    expect([host, found(policy, host)]).toEqual([host, []])
  }
  expect([found(policy, '10.1.2.3', 80), found(policy, 'a.corp.example', 80)]).toEqual([[], []])
})

test('blocks of a host that is named are not found by address', () => {
  const policy = compile({ host: 'lab.example.com', allowedIps: ['10.1.0.0/16'] })

  expect(found(policy, '10.1.2.3')).toEqual([])
})

test('an address that is named is found by itself and by the blocks around it', () => {
  const policy = compile({ host: '10.1.2.3' }, { allowedIps: ['10.1.0.0/16'] }, { allowedIps: ['10.0.0.0/8'] })

  expect(found(policy, '10.1.2.3')).toEqual(['p0', 'p1', 'p2'])
})

test('a name whose last character is a digit is a name', () => {
  expect(found(compile({ host: 'registry.k8' }), 'registry.k8')).toEqual(['p0'])
})

test('the nearest comes first: the name, its wildcard, then the domains above', () => {
  const hostless = { allowedIps: ['10.0.0.0/8'] }
  const policy = compile(
    { ...hostless, resolve: ['example'] },
    { ...hostless, resolve: ['corp.example'] },
    { host: '*.corp.example' },
    { host: 'a.corp.example' },
  )

  expect(found(policy, 'a.corp.example')).toEqual(['p3', 'p2', 'p1', 'p0'])
})

test('programs and rules stay with the endpoints they were written for', () => {
  const policy = new CompiledPolicy({
    policies: [
      {
        name: 'git',
        binaries: ['/usr/bin/git'],
        endpoints: [
          endpoint({ host: 'a.example.com' }),
          endpoint({ host: 'b.example.com', rules: [{ method: 'GET', path: '/v1/**' }] }),
        ],
      },
      { name: 'any', binaries: [], endpoints: [endpoint({ host: 'c.example.com' })] },
    ],
  })
  const [a] = policy.endpointsFor('a.example.com', 443)
  const [b] = policy.endpointsFor('b.example.com', 443)
  const [c] = policy.endpointsFor('c.example.com', 443)

  expect(a?.admitsPrograms?.({ processes: [['/usr/bin/git']] })).toBe(true)
  expect(a?.admitsPrograms?.({ processes: [['/usr/bin/curl']] })).toBe(false)
  expect([a?.admitsRequest, c?.admitsPrograms, c?.admitsRequest]).toEqual([undefined, undefined, undefined])
  expect(['GET', 'POST'].map((method) => b?.admitsRequest?.(method, '/v1/models'))).toEqual([true, false])
  expect(b?.admitsPrograms).toBeDefined()
})
