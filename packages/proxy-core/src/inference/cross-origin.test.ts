import { expect, test } from 'vitest'
import { crossOriginFields, preflightFields } from './cross-origin.js'

const ALLOWED = ['https://good.example']

test('a client that is no page needs no permission and gets none', () => {
  expect(crossOriginFields([], [])).toEqual([])
  expect(crossOriginFields([['Sec-Fetch-Site', 'none']], ALLOWED)).toEqual([])
})

test('a page that is allowed may read the answer', () => {
  expect(crossOriginFields([['Origin', 'https://good.example']], ALLOWED)).toContainEqual([
    'Access-Control-Allow-Origin',
    'https://good.example',
  ])
})

test.each([
  [['Origin', 'https://evil.example']],
  [['Origin', 'null']],
  [['Origin', 'https://good.example.evil.example']],
  [['Origin', 'HTTPS://good.example']],
  [['Sec-Fetch-Site', 'cross-site']],
  [['Sec-Fetch-Site', 'same-origin']],
] as const)('%j is refused', (field) => {
  expect(() => crossOriginFields([field], ALLOWED)).toThrow(expect.objectContaining({ code: 'ERR_ORIGIN_DENIED' }))
})

test('two origins are refused, though both are allowed', () => {
  const field = ['Origin', 'https://good.example'] as const

  expect(() => crossOriginFields([field, field], ALLOWED)).toThrow(expect.objectContaining({ status: 403 }))
})

test('a preflight is told the methods, and the names it asked for where they are names', () => {
  const asking = (names: string) =>
    preflightFields([['Access-Control-Request-Headers', names]]).find(
      ([name]) => name === 'Access-Control-Allow-Headers',
    )

  expect(preflightFields([])).toContainEqual(['Access-Control-Allow-Methods', 'GET, POST'])
  expect(asking('authorization, content-type')?.[1]).toBe('authorization, content-type')
  expect(asking('a:b')).toBeUndefined()
  expect(asking('x'.repeat(2_000))).toBeUndefined()
})
