import { expect, test } from 'vitest'
import { DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute } from '../route/resolved-route.js'
import { routeFields } from './route-fields.js'

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
const fields = (modelRequested?: string, attempts?: number) => routeFields({ route, modelRequested, attempts })

test('tells what was asked for, what answers, who serves it and how often it was tried', () => {
  expect(fields('m', 2)).toEqual([
    ['x-nemoclaw-model-requested', 'm'],
    ['x-nemoclaw-model-served', 'served/model'],
    ['x-nemoclaw-provider', 'example'],
    ['x-nemoclaw-attempts', '2'],
  ])
  expect(fields(undefined)[0]).toEqual(['x-nemoclaw-model-requested', ''])
  expect(fields('m')).toHaveLength(3)
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
  expect(fields(model)[0]).toEqual(['x-nemoclaw-model-requested', told])
})

test('cuts a value at 256 bytes, never inside an escape', () => {
  for (const length of [300, 301, 302]) {
    const [, told] = fields(`${'a'.repeat(length - 300)}${'é'.repeat(300)}`)[0]!
    expect(told.length).toBeLessThanOrEqual(256)
    expect(told).toMatch(/^a*(?:%[0-9A-F]{2})+$/)
  }
})

test('says so when nobody chose the route', () => {
  const defaulted: ResolvedRoute = { ...route, source: 'unset_default' }

  expect(routeFields({ route: defaulted, modelRequested: 'm', attempts: 1 })).toContainEqual([
    'x-nemoclaw-route',
    'default',
  ])
})
