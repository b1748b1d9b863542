import { expect, test } from 'vitest'
import { plainData } from './plain-data.js'

const throws = () => {
  throw new Proxy(new Error('secret'), {
    get: throws,
    getPrototypeOf: throws,
  })
}

test('copies objects, lists and simple values', () => {
  expect(plainData({ a: ['b', true, null], c: { d: 1 } })).toEqual({
    data: new Map<string, unknown>([
      ['a', ['b', true, null]],
      ['c', new Map([['d', 1]])],
    ]),
  })
})

test('takes undefined members for absent', () => {
  expect(plainData({ a: undefined })).toEqual({ data: new Map() })
})

test('leaves the copy as it was when the original changes', () => {
  const original = { list: ['a'] }
  const result = plainData(original)

  original.list.push('b')

  expect(result).toEqual({ data: new Map([['list', ['a']]]) })
})

test('refuses a getter without calling it', () => {
  let called = false
  const candidate = {
    get name() {
      called = true
      return 'x'
    },
  }

  expect(plainData(candidate)).toEqual({ violation: expect.stringContaining('name is a getter') })
  expect(called).toBe(false)
})

test.each([
  ['a function', { a: () => 1 }],
  ['a symbol as name', { [Symbol('a')]: 1 }],
  ['a symbol as value', { a: Symbol('a') }],
  ['an instance', { a: new Date(0) }],
  ['an instance at the top', new (class {})()],
  ['members lent by a prototype', Object.create({ servesUnsetRoute: true })],
  ['members lent by a bare prototype', Object.create(Object.assign(Object.create(null), { servesUnsetRoute: true }))],
  ['a list with a hole', { a: new Array(2) }],
  ['a list with a named member', { a: Object.assign(['x'], { toJSON: 1 }) }],
  ['a list of a subclass', { a: new (class extends Array {})() }],
  ['undefined in a list', { a: [undefined] }],
  ['a list longer than any profile', { a: new Array(1e9) }],
  ['many members', Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`a${index}`, index]))],
  ['a text longer than any profile', { a: 'x'.repeat(5_000) }],
  ['a proxy that throws', new Proxy({}, { ownKeys: throws, getPrototypeOf: throws })],
  ['a revoked proxy', revoked()],
  ['a proxy without end', endless()],
])('refuses %s', (_, candidate) => {
  expect(plainData(candidate)).toEqual({ violation: expect.any(String) })
})

test('refuses what contains itself', () => {
  const candidate: Record<string, unknown> = {}
  candidate['self'] = candidate

  expect(plainData(candidate)).toEqual({ violation: expect.stringContaining('too large') })
})

test('names the place of what it refuses, at a bounded length', () => {
  let deep: object = { bad: () => 1 }
  for (let depth = 0; depth < 500; depth++) {
    deep = { level: deep }
  }

  expect(plainData({ auth: { kind: () => 1 } })).toEqual({
    violation: expect.stringMatching(/^auth\.kind has the type/),
  })
  expect(plainData(deep)).toEqual({ violation: expect.stringMatching(/^.{1,250}$/) })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Wherever one looks, there is more. */
function endless(): object {
  const names = Array.from({ length: 100 }, (_, index) => `a${index}`)
  return new Proxy(
    {},
    {
      ownKeys: () => names,
      getOwnPropertyDescriptor: () => ({ value: endless(), configurable: true, enumerable: true, writable: true }),
    },
  )
}
