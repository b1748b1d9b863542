import type { EgressPolicy, PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { expect, test } from 'vitest'
import type { EndpointWish } from './find-covering.js'
import { nameAfter, planAllow, withAddition } from './plan-allow.js'

const endpoint = (fields: Partial<PolicyEndpoint>): PolicyEndpoint => ({
  ports: [443],
  allowedIps: [],
  resolve: [],
  rules: [],
  ...fields,
})
const wish = (fields: Partial<EndpointWish>): EndpointWish => ({
  host: 'api.example.com',
  port: 443,
  allowedIps: [],
  binaries: [],
  ...fields,
})
const policyOf = (...endpoints: readonly PolicyEndpoint[]): EgressPolicy => ({
  policies: [{ name: 'known', endpoints, binaries: [] }],
})

test.each([
  ['api.github.com', 'api-github-com'],
  ['*.example.com', 'any-example-com'],
  ['2001:db8::1', '2001-db8-1'],
  ['_dmarc.example.com', '_dmarc-example-com'],
  [`${'a'.repeat(60)}.example.com`, `${'a'.repeat(60)}-ex`],
])('a policy for %s is called %s', (host, name) => {
  expect(nameAfter(host)).toBe(name)
})

test.each<readonly [string, PolicyEndpoint, Partial<EndpointWish>]>([
  ['the same host and port', endpoint({ host: 'api.example.com' }), {}],
  ['one of several ports', endpoint({ host: 'api.example.com', ports: [80, 443] }), {}],
  ['a wildcard', endpoint({ host: '*.example.com' }), {}],
  ['the same wildcard', endpoint({ host: '*.example.com' }), { host: '*.example.com' }],
  ['any program, where one asks', endpoint({ host: 'api.example.com' }), { binaries: ['/usr/bin/git'] }],
  ['a wider block', endpoint({ host: 'api.example.com', allowedIps: ['10.0.0.0/8'] }), { allowedIps: ['10.1.0.0/16'] }],
  ['a block without host', endpoint({ allowedIps: ['10.0.0.0/8'] }), { host: '10.1.2.3' }],
  [
    'names below a domain',
    endpoint({ allowedIps: ['10.0.0.0/8'], resolve: ['example.com'] }),
    { allowedIps: ['10.1.0.0/16'] },
  ],
])('%s: allowed already', (_, known, fields) => {
  expect(planAllow(policyOf(known), wish(fields))).toEqual({
    kind: 'allowed_already',
    by: { policy: 'known', index: 0 },
  })
})

test.each<readonly [string, PolicyEndpoint, Partial<EndpointWish>]>([
  ['another port', endpoint({ host: 'api.example.com', ports: [80] }), {}],
  ['another host', endpoint({ host: 'example.com' }), {}],
  ['a wildcard for one label only', endpoint({ host: '*.example.com' }), { host: 'a.b.example.com' }],
  ['a wildcard is not its own domain', endpoint({ host: '*.example.com' }), { host: 'example.com' }],
  ['a host is no wildcard', endpoint({ host: 'api.example.com' }), { host: '*.example.com' }],
  ['private addresses only', endpoint({ host: 'api.example.com', allowedIps: ['10.0.0.0/8'] }), {}],
  ['no private addresses', endpoint({ host: 'api.example.com' }), { allowedIps: ['10.0.0.0/8'] }],
  [
    'a narrower block',
    endpoint({ host: 'api.example.com', allowedIps: ['10.1.0.0/16'] }),
    { allowedIps: ['10.0.0.0/8'] },
  ],
  [
    'a narrower block that begins alike',
    endpoint({ host: 'api.example.com', allowedIps: ['10.0.0.0/16'] }),
    { allowedIps: ['10.0.0.0/8'] },
  ],
  [
    'a block of the other family',
    endpoint({ host: 'api.example.com', allowedIps: ['fd00::/8'] }),
    { allowedIps: ['10.0.0.0/8'] },
  ],
  [
    'a narrower block than the one asked for around an address',
    endpoint({ allowedIps: ['10.1.0.0/16'] }),
    { host: '10.1.2.3', allowedIps: ['10.0.0.0/8'] },
  ],
  ['some paths only', endpoint({ host: 'api.example.com', rules: [{ method: 'GET', path: '/a' }] }), {}],
])('%s: not allowed yet', (_, known, fields) => {
  expect(planAllow(policyOf(known), wish(fields))).toMatchObject({ kind: 'add', isNew: true })
})

test('what is allowed to some programs is allowed already to them, and to nobody else', () => {
  const known = {
    policies: [
      { name: 'known', endpoints: [endpoint({ host: 'api.example.com' })], binaries: ['/bin/git', '/bin/ssh'] },
    ],
  }
  const kindFor = (...binaries: readonly string[]) => planAllow(known, wish({ binaries })).kind

  expect(kindFor('/bin/git')).toBe('allowed_already')
  expect(kindFor('/bin/ssh', '/bin/git')).toBe('allowed_already')
  expect(kindFor('/bin/git', '/bin/curl')).toBe('add')
  expect(kindFor('/bin/curl')).toBe('add')
  expect(kindFor()).toBe('add')
})

test('an endpoint is added to the policy named, or to one that is named after its host', () => {
  const known = policyOf(endpoint({ host: 'other.example.com' }))

  const plan = planAllow(known, wish({}), 'known')

  expect(plan).toMatchObject({ kind: 'add', policy: 'known', isNew: false })
  expect(withAddition(known, plan, wish({})).policies).toEqual([
    {
      name: 'known',
      endpoints: [endpoint({ host: 'other.example.com' }), endpoint({ host: 'api.example.com' })],
      binaries: [],
    },
  ])
  const named = planAllow(known, wish({ binaries: ['/bin/a'] }))
  expect(named).toMatchObject({ kind: 'add', policy: 'api-example-com', isNew: true })
  expect(withAddition(known, named, wish({ binaries: ['/bin/a'] })).policies).toEqual([
    ...known.policies,
    { name: 'api-example-com', endpoints: [endpoint({ host: 'api.example.com' })], binaries: ['/bin/a'] },
  ])
  expect(withAddition(known, planAllow(known, wish({ host: 'other.example.com' })), wish({}))).toBe(known)
})

test('no endpoint is put among other programs than those it is for: neither opened to more, nor closed to some', () => {
  const git = ['/usr/bin/git']
  const other = endpoint({ host: 'other.example.com' })
  const open = { policies: [{ name: 'p', endpoints: [other], binaries: [] }] }
  const closed = {
    policies: [
      { name: 'p', endpoints: [other], binaries: git },
      { name: 'p-2', endpoints: [other], binaries: ['/bin/a'] },
    ],
  }

  expect(planAllow(open, wish({ binaries: git }), 'p')).toMatchObject({ policy: 'p-git', isNew: true })
  expect(planAllow(closed, wish({ binaries: git }), 'p')).toMatchObject({ policy: 'p', isNew: false })
  expect(planAllow(closed, wish({ binaries: ['/usr/bin/curl'] }), 'p')).toMatchObject({ policy: 'p-curl', isNew: true })
  expect(planAllow(closed, wish({}), 'p')).toMatchObject({ policy: 'p-3', isNew: true })
  expect(planAllow(closed, wish({ binaries: ['/usr/lib/**'] }), 'p')).toMatchObject({ policy: 'p-3', isNew: true })
})

test('a name stays within its length, whatever is put behind it', () => {
  const name = 'a'.repeat(63)
  const known = { policies: [{ name, endpoints: [endpoint({ host: 'x.example' })], binaries: ['/bin/x'] }] }

  expect(planAllow(known, wish({}), name)).toMatchObject({ policy: `${'a'.repeat(61)}-2` })
  expect(planAllow(known, wish({ binaries: ['/bin/git'] }), name)).toMatchObject({ policy: `${'a'.repeat(59)}-git` })
})
