import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.js'
import { MAX_POLICY_FILE_BYTES } from './read-policy-file.js'
import { suggestPolicy } from './suggest-policy.js'

const parsed = (yaml: string) => parsePolicy(yaml, { shownAs: 'policy.yaml', platform: 'linux' }).egress.policies
const destinations = (yaml: string) =>
  parsed(yaml).flatMap(({ endpoints }) =>
    endpoints.flatMap(({ host, ports }) => ports.map((port) => ({ host: host!, port }))),
  )

test('a host with more ports than an endpoint takes gets several endpoints', () => {
  const learned = Array.from({ length: 200 }, (_, index) => ({ host: 'a.example', port: index + 1 }))

  const { yaml } = suggestPolicy(learned)

  expect(parsed(yaml)).toHaveLength(1)
  expect(parsed(yaml)[0]!.endpoints.map(({ ports }) => ports.length)).toEqual([64, 64, 64, 8])
  expect(destinations(yaml)).toEqual(learned)
})

test('what was learned once and what was learned twice is named once', () => {
  const { yaml } = suggestPolicy([
    { host: 'a.example', port: 443 },
    { host: 'a.example', port: 443 },
  ])

  expect(destinations(yaml)).toEqual([{ host: 'a.example', port: 443 }])
})

test('a thousand long names that are cut to the same name still have names of their own', () => {
  const label = 'a'.repeat(61)
  const learned = Array.from({ length: 1_000 }, (_, index) => ({ host: `${label}.b${index}.example`, port: 443 }))

  const { yaml } = suggestPolicy(learned)

  expect(destinations(yaml)).toHaveLength(1_000)
  expect(Buffer.byteLength(yaml)).toBeLessThanOrEqual(MAX_POLICY_FILE_BYTES)
})

test.each(['null', 'true', 'y.example', '8.8.8.8', '2606:4700::1111', '_.example'])(
  'a host that YAML or a name could read in another way: %s',
  (host) => {
    expect(destinations(suggestPolicy([{ host, port: 443 }]).yaml)).toEqual([{ host, port: 443 }])
  },
)

test('names that are the same number to YAML are kept apart', () => {
  const learned = [
    { host: '10::', port: 443 },
    { host: '1e1', port: 443 },
  ]

  expect(destinations(suggestPolicy(learned).yaml)).toEqual(learned)
})

test('what a policy file does not take is left out: it could not be used at all otherwise', () => {
  const learned = [
    { host: 'localhost', port: 443 },
    { host: 'A.example', port: 443 },
    { host: 'a.example', port: 70_000 },
    { host: 'a.example', port: 443 },
  ]

  expect(destinations(suggestPolicy(learned).yaml)).toEqual([{ host: 'a.example', port: 443 }])
})

test('it ends where a policy file does', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}`
  const learned = Array.from({ length: 6_000 }, (_, index) => ({ host: `h${index}.${name}.example`, port: 443 }))

  const { yaml } = suggestPolicy(learned)

  expect(Buffer.byteLength(yaml)).toBeLessThanOrEqual(MAX_POLICY_FILE_BYTES)
  expect(Buffer.byteLength(yaml)).toBeGreaterThan(MAX_POLICY_FILE_BYTES - 1_000)
  expect(destinations(yaml).length).toBeGreaterThan(3_000)
})
