import { expect, test } from 'vitest'
import { reachableUrl } from './reachable-url.js'

test.each([
  ['http://127.0.0.1:4140', 'http://127.0.0.1:4140/'],
  ['http://[::1]:4140', 'http://[::1]:4140/'],
  ['http://0.0.0.0:4140', 'http://127.0.0.1:4140/'],
  ['http://[::]:4140', 'http://[::1]:4140/'],
  ['http://10.0.0.7:4140', 'http://10.0.0.7:4140/'],
])('a proxy that listens on %s is reached at %s', (listening, reached) => {
  expect(reachableUrl(listening).href).toBe(reached)
})
