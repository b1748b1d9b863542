import { expect, test } from 'vitest'
import type { InferenceProviderProfile } from './inference-provider-profile.js'
import { profileViolations } from './profile-violations.js'

const good = {
  providerType: 'example',
  displayName: 'Example',
  defaultBaseUrl: 'https://api.example.com/v1',
  protocols: ['openai_chat_completions', 'model_discovery'],
  auth: { kind: 'bearer' },
  defaultHeaders: [['example-version', '2024-01-01']],
  passthroughHeaders: ['example-beta'],
  credentialKeyNames: ['EXAMPLE_API_KEY'],
  baseUrlConfigKeys: ['EXAMPLE_BASE_URL'],
} as const satisfies InferenceProviderProfile

const withField = (field: string, value: unknown) => profileViolations({ ...good, [field]: value })

test('accepts a profile with nothing wrong', () => {
  expect(profileViolations(good)).toEqual([])
})

test('accepts all that is optional', () => {
  expect(profileViolations({ ...good, defaultModel: 'example/small-1', servesUnsetRoute: true })).toEqual([])
  expect(profileViolations({ ...good, defaultModel: undefined })).toEqual([])
  expect(profileViolations(JSON.parse(JSON.stringify(good)))).toEqual([])
})

test.each([undefined, null, 1, 'x', [], () => good, Symbol('x'), 10n])(
  'refuses %o, which is no object',
  (candidate) => {
    expect(profileViolations(candidate)).toHaveLength(1)
  },
)

test('names every field that is missing', () => {
  const violations = profileViolations({})

  for (const field of Object.keys(good)) {
    expect(violations.some((violation) => violation.startsWith(field))).toBe(true)
  }
})

test('refuses a field it does not know, so that a misspelt one is not overlooked', () => {
  expect(withField('defaultHeader', [])).toEqual([expect.stringContaining('defaultHeader is no field of a profile')])
  expect(profileViolations(JSON.parse(`{"__proto__":{},${JSON.stringify(good).slice(1)}`))).toEqual([
    expect.stringContaining('__proto__ is no field'),
  ])
})

test.each([
  ['providerType', 'Example'],
  ['providerType', ''],
  ['providerType', 'x'.repeat(64)],
  ['displayName', ''],
  ['displayName', ' Example'],
  ['displayName', 'x'.repeat(101)],
  ['displayName', 'Exa\u001b[31mmple'],
  ['displayName', 'Exa\u202emple'],
  ['defaultBaseUrl', 1],
  ['protocols', []],
  ['protocols', 'openai_responses'],
  ['protocols', ['openai_chat']],
  ['protocols', ['openai_responses', 'openai_responses']],
  ['protocols', [1]],
  ['auth', 'bearer'],
  ['auth', { kind: 'basic' }],
  ['auth', { kind: 'bearer', name: 'x' }],
  ['auth', { kind: 'header' }],
  ['auth', { kind: 'header', name: 'x api' }],
  ['auth', { kind: 'header', name: 'cookie' }],
  ['auth', { kind: 'header', name: 'Proxy-Authorization' }],
  ['auth', { kind: 'header', name: 'x-nemoclaw-key' }],
  ['defaultHeaders', {}],
  ['defaultHeaders', [['example-version']]],
  ['defaultHeaders', [['example-version', '1', '2']]],
  ['defaultHeaders', [['example-version', 1]]],
  ['passthroughHeaders', [1]],
  ['passthroughHeaders', ['Example-Beta']],
  ['passthroughHeaders', ['example-beta', 'example-beta']],
  ['credentialKeyNames', []],
  ['credentialKeyNames', ['EXAMPLE-KEY']],
  ['credentialKeyNames', ['1KEY']],
  ['credentialKeyNames', ['KEY', 'KEY']],
  ['credentialKeyNames', ['NEMOCLAW_PASSPHRASE']],
  ['baseUrlConfigKeys', ['A=B']],
  ['baseUrlConfigKeys', ['EXAMPLE_API_KEY']],
  ['defaultModel', ''],
  ['defaultModel', 'x'.repeat(513)],
  ['defaultModel', 'a\nb'],
  ['servesUnsetRoute', 'yes'],
  ['servesUnsetRoute', true],
])('refuses %s = %j and says which field', (field, value) => {
  const violations = withField(field, value)

  expect(violations).toHaveLength(1)
  expect(violations[0]).toMatch(new RegExp(`^${field}\\b`))
})

const reserved = [
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'content-length'],
  ...['proxy-authorization', 'proxy-connection', 'proxy-status', 'host', 'cookie', 'set-cookie', 'via', 'forwarded'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-nemoclaw-provider', 'Content-Type', 'Sec-Fetch-Site', 'Origin'],
]
const credentials = ['authorization', 'Authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

test.each([...reserved, ...credentials])('refuses %s as a field the profile sets or lets pass', (name) => {
  expect(withField('defaultHeaders', [[name, '1']])).toHaveLength(1)
  expect(withField('passthroughHeaders', [name.toLowerCase()])).toHaveLength(1)
})

test.each(reserved)('refuses %s as the field that carries the credential', (name) => {
  expect(withField('auth', { kind: 'header', name })).toHaveLength(1)
})

test.each(['x-api-key', 'api-key', 'x-goog-api-key', 'Ocp-Apim-Subscription-Key'])(
  'accepts %s for the credential',
  (name) => {
    expect(withField('auth', { kind: 'header', name })).toEqual([])
  },
)

test('refuses to let the credential field pass or be preset', () => {
  const auth = { kind: 'header', name: 'X-Example-Key' }

  expect(profileViolations({ ...good, auth, passthroughHeaders: ['x-example-key'] })).toHaveLength(1)
  expect(profileViolations({ ...good, auth, defaultHeaders: [['x-example-key', '1']] })).toHaveLength(1)
})

test('refuses two default fields that differ in case only', () => {
  expect(
    withField('defaultHeaders', [
      ['example-version', '1'],
      ['Example-Version', '2'],
    ]),
  ).toHaveLength(1)
})

test.each(['', ' ', 'a\r\nhost: evil', 'a\nb', 'a\u0000b', 'ü', ' a', 'a ', 'x'.repeat(1025)])(
  'refuses the field value %j and does not repeat it',
  (value) => {
    const violations = withField('defaultHeaders', [['example-version', value]])

    expect(violations).toHaveLength(1)
    expect(violations[0]).not.toContain('evil')
  },
)

test('accepts a field value with spaces and tabs inside', () => {
  expect(withField('defaultHeaders', [['example-version', 'a b\tc']])).toEqual([])
})

test('needs no credential name where the provider asks for no credential', () => {
  expect(profileViolations({ ...good, auth: { kind: 'none' }, credentialKeyNames: [] })).toEqual([])
})

test('gives at most twenty sentences, however much is wrong', () => {
  const names = Array.from({ length: 30 }, (_, index) => `-${index}`)

  expect(profileViolations({ ...good, credentialKeyNames: names, baseUrlConfigKeys: names })).toHaveLength(20)
})

test('writes nothing that could move a cursor, whatever a field is called', () => {
  const violations = profileViolations({ ...good, '\u001b[2J\u202e': 1, credentialKeyNames: ['\u001b]0;x\u0007'] })

  expect(violations).toHaveLength(2)
  expect(violations.join()).toMatch(/^[\x20-\x7e]*$/)
})
