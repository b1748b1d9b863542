import { expect, test } from 'vitest'
import { Credential } from '../route/credential.js'
import { DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute } from '../route/resolved-route.js'
import { upstreamFields } from './upstream-fields.js'

const route: ResolvedRoute = {
  source: 'configured',
  providerName: 'example',
  providerType: 'example',
  baseUrl: 'https://api.example.com/v1',
  protocols: [],
  model: 'm',
  auth: { kind: 'bearer' },
  credential: new Credential('sk-ours'),
  defaultHeaders: [],
  passthroughHeaders: [],
  extraHeaders: [],
  timeouts: DEFAULT_ROUTE_TIMEOUTS,
  serverTools: 'allow',
}

test('lets the four fields pass that say what the content is and what the client reads', () => {
  const client = [
    ['Content-Type', 'application/json'],
    ['Accept', '*/*'],
    ['Accept-Encoding', 'gzip'],
    ['User-Agent', 'a'],
    ['X-Other', 'b'],
    ['Cookie', 'c'],
    ['Authorization', 'Bearer sk-theirs'],
  ] as const

  expect(upstreamFields(client, route)).toEqual([
    ['content-type', 'application/json'],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip'],
    ['user-agent', 'a'],
    ['authorization', 'Bearer sk-ours'],
  ])
})

test('sets in order of precedence: profile, client, operator, credential', () => {
  const fields = upstreamFields(
    [
      ['A', 'client'],
      ['B', 'client'],
      ['Authorization', 'client'],
    ],
    {
      ...route,
      passthroughHeaders: ['a', 'b', 'authorization'],
      defaultHeaders: [
        ['A', 'profile'],
        ['D', 'profile'],
      ],
      extraHeaders: [
        ['B', 'operator'],
        ['Authorization', 'operator'],
      ],
    },
  )

  expect(Object.fromEntries(fields)).toEqual({
    a: 'client',
    b: 'operator',
    d: 'profile',
    authorization: 'Bearer sk-ours',
  })
})

test('joins a field that came in several lines, drops what Connection names', () => {
  const client = [
    ['Accept', 'a'],
    ['ACCEPT', 'b'],
    ['Connection', 'user-agent, Authorization'],
    ['User-Agent', 'x'],
  ] as const

  expect(upstreamFields(client, route)).toEqual([
    ['accept', 'a, b'],
    ['authorization', 'Bearer sk-ours'],
  ])
})

test('puts the credential where the provider takes it', () => {
  expect(upstreamFields([], { ...route, auth: { kind: 'header', name: 'X-Key' } })).toEqual([['x-key', 'sk-ours']])
  expect(upstreamFields([], { ...route, auth: { kind: 'none' } })).toEqual([])
})

test.each(['', ' ', 'a\nb', 'a\r', 'a\0', 'ä', 'a ', ' a', '\ufeffa', 'x'.repeat(8_193)])(
  'refuses the credential %.10j and does not repeat it',
  (secret) => {
    expect(() => upstreamFields([], { ...route, credential: new Credential(secret) })).toThrow(
      expect.objectContaining({ code: 'ERR_CREDENTIAL_UNAVAILABLE', message: expect.not.stringContaining('xxxx') }),
    )
  },
)
