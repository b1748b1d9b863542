import { createHmac } from 'node:crypto'
import { Credential, DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { routeRevision } from './route-revision.js'

const fingerprintUnder = (key: string) => (value: string) => createHmac('sha256', key).update(value).digest('hex')

function revision(change: Partial<ResolvedRoute> = {}, machineKey = 'this machine'): string {
  const fingerprint = fingerprintUnder(machineKey)
  const route: ResolvedRoute = {
    source: 'configured',
    providerName: 'p',
    providerType: 'mock',
    baseUrl: 'http://127.0.0.1:1/v1',
    protocols: [],
    model: 'm',
    auth: { kind: 'bearer' },
    credential: new Credential('sk-one', fingerprint('sk-one')),
    defaultHeaders: [],
    passthroughHeaders: [],
    extraHeaders: [['x-team', 'secret-of-a-team']],
    timeouts: DEFAULT_ROUTE_TIMEOUTS,
    serverTools: 'allow',
    ...change,
  }
  return routeRevision(route, fingerprint)
}

test('a revision names what a route was resolved to, in 12 hexadecimal digits', () => {
  expect(revision()).toMatch(/^[0-9a-f]{12}$/)
  expect(revision()).toBe(revision())
})

test.each<[string, Partial<ResolvedRoute>]>([
  ['the model', { model: 'n' }],
  ['the base URL', { baseUrl: 'http://127.0.0.1:2/v1' }],
  ['the key', { credential: new Credential('sk-two', 'another fingerprint') }],
  ['a header', { extraHeaders: [['x-team', 'another']] }],
  ['a timeout', { timeouts: { ...DEFAULT_ROUTE_TIMEOUTS, idleTimeoutMs: 1 } }],
])('it changes with %s', (_, change) => {
  expect(revision(change)).not.toBe(revision())
})

test('it cannot be compared with guesses: the same route has another one on another machine', () => {
  expect(revision({}, 'another machine')).not.toBe(revision())
})
