import { expect, test } from 'vitest'
import { DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute } from '../route/resolved-route.js'
import { responseFields, routeFields } from './response-fields.js'

const route: ResolvedRoute = {
  source: 'configured',
  providerName: 'example',
  providerType: 'example',
  baseUrl: 'https://api.example.com/v1',
  protocols: [],
  model: 'served/model',
  auth: { kind: 'none' },
  defaultHeaders: [],
  passthroughHeaders: [],
  extraHeaders: [],
  timeouts: DEFAULT_ROUTE_TIMEOUTS,
  serverTools: 'allow',
}
const OURS = ['x-nemoclaw-model-requested', 'x-nemoclaw-model-served', 'x-nemoclaw-provider', 'x-nemoclaw-attempts']

const namesOf = (...upstream: readonly (readonly [string, string])[]) =>
  responseFields(upstream, route, { modelRequested: 'm', attempts: 1 }).map(([name]) => name)

test('keeps what describes the answer, in order and spelling, repeated ones too', () => {
  expect(namesOf(['Content-Type', 'a/b'], ['X-Request-Id', '1'], ['Vary', 'a'], ['vary', 'b'], ['Date', 'd'])).toEqual([
    ...['Content-Type', 'X-Request-Id', 'Vary', 'vary', 'Date'],
    ...OURS,
  ])
})

test.each([
  ...[
    'Set-Cookie',
    'Alt-Svc',
    'Strict-Transport-Security',
    'Refresh',
    'Location',
    'WWW-Authenticate',
    'Clear-Site-Data',
  ],
  ...['Proxy-Status', 'Proxy-Authenticate', 'Connection', 'Keep-Alive', 'Transfer-Encoding', 'Trailer', 'Upgrade'],
  ...['Access-Control-Allow-Origin', 'X-Nemoclaw-Provider', 'x-nemoclaw-anything'],
])('drops %s', (name) => {
  expect(namesOf([name, 'x'])).toEqual(OURS)
})

test('drops what Connection names', () => {
  expect(namesOf(['Connection', 'x-hop, close'], ['X-Hop', '1'], ['X-Kept', '2'])).toEqual(['X-Kept', ...OURS])
})

test.each([
  ['gpt-4o', 'gpt-4o'],
  ['a b', 'a%20b'],
  ['50%', '50%25'],
  ['a\r\nb: c', 'a%0D%0Ab:%20c'],
  ['é😀', '%C3%A9%F0%9F%98%80'],
  ['\ud800', '%EF%BF%BD'],
  ['', ''],
])('tells the model %j as %j', (model, told) => {
  expect(routeFields(route, model)[0]).toEqual(['x-nemoclaw-model-requested', told])
})

test('cuts a value at 256 bytes, never inside an escape', () => {
  for (const length of [300, 301, 302]) {
    const [, told] = routeFields(route, `${'a'.repeat(length - 300)}${'é'.repeat(300)}`)[0]!
    expect(told.length).toBeLessThanOrEqual(256)
    expect(told).toMatch(/^a*(?:%[0-9A-F]{2})+$/)
  }
})

test('says so when nobody chose the route', () => {
  expect(routeFields({ ...route, source: 'unset_default' }, 'm')).toContainEqual(['x-nemoclaw-route', 'default'])
})
