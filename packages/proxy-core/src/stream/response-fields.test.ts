import { expect, test } from 'vitest'
import { responseFields } from './response-fields.js'

const namesOf = (...upstream: readonly (readonly [string, string])[]) => responseFields(upstream).map(([name]) => name)

test('keeps what describes the answer, in order and spelling, repeated ones too', () => {
  expect(namesOf(['Content-Type', 'a/b'], ['X-Request-Id', '1'], ['Vary', 'a'], ['vary', 'b'], ['Date', 'd'])).toEqual([
    ...['Content-Type', 'X-Request-Id', 'Vary', 'vary', 'Date'],
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
  expect(namesOf([name, 'x'])).toEqual([])
})

test('drops what Connection names', () => {
  expect(namesOf(['Connection', 'x-hop, close'], ['X-Hop', '1'], ['X-Kept', '2'])).toEqual(['X-Kept'])
})
