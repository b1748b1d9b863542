import { expect, test } from 'vitest'
import { configViolations } from './config-violations.js'

const NOW = '2026-01-31T12:00:00.000Z'
const RECORD = {
  id: 'a',
  name: 'nvidia',
  type: 'nvidia',
  credentials: {
    NVIDIA_API_KEY: { kept: 'keychain', origin: 'https://a.example', fingerprint: '0123456789abcdef', updatedAt: NOW },
    OTHER: {
      kept: 'reference',
      reference: 'env:OTHER',
      origin: 'https://a.example:8443',
      seal: '0123456789abcdef',
      updatedAt: NOW,
    },
  },
  config: { NVIDIA_BASE_URL: 'https://a.example/v1' },
  headers: [['x-team', 'blue']],
  createdAt: NOW,
  updatedAt: NOW,
}
const INTENT = {
  provider: 'nvidia',
  model: 'meta/llama',
  version: 1,
  idleTimeoutMs: 1,
  serverTools: 'deny',
  updatedAt: NOW,
}
const DOCUMENT = { schemaVersion: 1, version: 3, providers: { nvidia: RECORD }, inference: INTENT }

const withRecord = (change: object) => ({ ...DOCUMENT, providers: { nvidia: { ...RECORD, ...change } } })
const withCredential = (change: object) =>
  withRecord({ credentials: { K: { ...RECORD.credentials.NVIDIA_API_KEY, ...change } } })

test('accepts a whole document', () => {
  expect(configViolations(DOCUMENT)).toEqual([])
})

test.each([
  ['null', null, 'document: expected an object'],
  ['a list', [], 'document: expected an object'],
  ['a version that is no whole number', { ...DOCUMENT, version: 1.5 }, 'version: expected a whole number, at least 0'],
  ['an inherited member', Object.create(DOCUMENT), 'schemaVersion: expected 1'],
  [
    'a provider under another name',
    { ...DOCUMENT, providers: { openai: RECORD } },
    'providers.openai.name: differs from its place',
  ],
  [
    'a name that cannot be typed',
    { ...DOCUMENT, providers: { 'a b': { ...RECORD, name: 'a b' } } },
    'providers: "a b" is no provider name',
  ],
  [
    '33 credentials',
    withRecord({
      credentials: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`K${i}`, RECORD.credentials.OTHER])),
    }),
    'providers.nvidia.credentials: 33 entries, at most 32 are allowed',
  ],
  [
    '65 config keys',
    withRecord({ config: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`K${i}`, 'v'])) }),
    'providers.nvidia.config: 65 entries, at most 64 are allowed',
  ],
  [
    'a value of 8 KiB and a byte',
    withRecord({ config: { K: `${'é'.repeat(4096)}x` } }),
    'providers.nvidia.config.K: expected a text of at most 8192 bytes without control characters',
  ],
  [
    'a line break in a value',
    withRecord({ config: { K: 'a\nb' } }),
    'providers.nvidia.config.K: expected a text of at most 8192 bytes without control characters',
  ],
  [
    'a header without a value',
    withRecord({ headers: [['x-team']] }),
    'providers.nvidia.headers[0]: expected a name and a value',
  ],
  [
    'a credential kept nowhere',
    withCredential({ kept: 'inline' }),
    'providers.nvidia.credentials.K.kept: expected keychain, file or reference',
  ],
  [
    'an origin with a path',
    withCredential({ origin: 'https://a.example/v1' }),
    'providers.nvidia.credentials.K.origin: expected an origin such as https://api.example.com',
  ],
  [
    'an origin of another scheme',
    withCredential({ origin: 'ftp://a.example' }),
    'providers.nvidia.credentials.K.origin: expected an origin such as https://api.example.com',
  ],
  [
    'a fingerprint of another length',
    withCredential({ fingerprint: '0123' }),
    'providers.nvidia.credentials.K.fingerprint: expected 16 hexadecimal digits',
  ],
  [
    'a timeout of nothing',
    { ...DOCUMENT, inference: { ...INTENT, idleTimeoutMs: 0 } },
    'inference.idleTimeoutMs: expected a whole number, at least 1',
  ],
  [
    'an intent without a model',
    { ...DOCUMENT, inference: { ...INTENT, model: '' } },
    'inference.model: expected a text of 1 to 256 characters',
  ],
])('says where %s is', (_what, document, violation) => {
  expect(configViolations(document)).toContain(violation)
})

test.each([
  ['Host', 'evil'],
  ['authorization', 'x'],
  ['Content_Length', '5'],
  ['X_Forwarded_For', '1'],
  ['cookie', 'a=b'],
  ['connection', 'close'],
  ['x y', 'z'],
])('a header %s, which --header would refuse, is refused in the file too', (name, value) => {
  expect(configViolations(withRecord({ headers: [[name, value]] }))).toEqual([
    'providers.nvidia.headers[0][0]: expected a field name that an operator may set',
  ])
  expect(
    configViolations(withRecord({ credentials: { [`header.${name}`]: RECORD.credentials.OTHER } })),
  ).toContainEqual(expect.stringContaining('expected a field name that an operator may set'))
})

test('a header value that is not ASCII is refused', () => {
  expect(configViolations(withRecord({ headers: [['x-team', 'bl\u00fce']] }))).toEqual([
    'providers.nvidia.headers[0][1]: expected visible ASCII of at most 8192 bytes',
  ])
})
