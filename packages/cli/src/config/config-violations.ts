import { isHeaderName, isHeaderValue, isReservedHeader } from './header-rules.js'
import {
  KEY_PATTERN,
  MAX_CONFIG_KEYS,
  MAX_CREDENTIALS,
  MAX_HEADERS,
  MAX_VALUE_BYTES,
  PROVIDER_NAME_PATTERN,
} from './limits.js'

/** Reports what is wrong with `value`, which stands at `path`. */
type Check = (value: unknown, path: string, report: (violation: string) => void) => void

/**
 * What keeps a value from being a `ConfigDocument` of schema version 1: one line each, with where it is. Unknown
 * members are not violations: a later nemoclaw may have added them.
 *
 * Written by hand because valibot's `record` drops a member called `constructor` or `prototype` without a word, and
 * those are valid provider names.
 */
export function configViolations(value: unknown): readonly string[] {
  const violations: string[] = []
  document(value, '', (violation) => violations.push(violation))
  return violations
}

const text =
  (what: string, valid: (value: string) => boolean): Check =>
  (value, path, report) => {
    if (typeof value !== 'string' || !valid(value)) report(`${path}: expected ${what}`)
  }

const wholeNumber =
  (minimum: number): Check =>
  (value, path, report) => {
    if (!Number.isSafeInteger(value) || (value as number) < minimum) {
      report(`${path}: expected a whole number, at least ${minimum}`)
    }
  }

const object =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path, report) => {
    if (!isObject(value)) return report(`${path || 'document'}: expected an object`)
    for (const [key, check] of Object.entries(required)) {
      check(Object.hasOwn(value, key) ? value[key] : undefined, join(path, key), report)
    }
    for (const [key, check] of Object.entries(optional)) {
      if (Object.hasOwn(value, key)) check(value[key], join(path, key), report)
    }
  }

const dictionary =
  (what: string, key: RegExp, maximum: number, check: Check): Check =>
  (value, path, report) => {
    if (!isObject(value)) return report(`${path}: expected an object`)
    const entries = Object.entries(value)
    if (entries.length > maximum) report(`${path}: ${entries.length} entries, at most ${maximum} are allowed`)
    for (const [name, member] of entries) {
      if (!key.test(name)) report(`${path}: ${JSON.stringify(name.slice(0, 80))} is no ${what}`)
      check(member, join(path, name), report)
    }
  }

const list =
  (maximum: number, check: Check): Check =>
  (value, path, report) => {
    if (!Array.isArray(value)) return report(`${path}: expected a list`)
    if (value.length > maximum) report(`${path}: ${value.length} entries, at most ${maximum} are allowed`)
    for (const [index, member] of value.entries()) check(member, `${path}[${index}]`, report)
  }

const identifier = text('a text of 1 to 256 characters', (value) => value.length > 0 && value.length <= 256)
const fieldText = text(
  `a text of at most ${MAX_VALUE_BYTES} bytes without control characters`,
  (value) => Buffer.byteLength(value) <= MAX_VALUE_BYTES && !/[\u0000-\u001f\u007f]/.test(value),
)
const time = text('a time such as 2026-01-31T12:00:00.000Z', (value) => !Number.isNaN(Date.parse(value)))
const origin = text('an origin such as https://api.example.com', isOrigin)
const milliseconds = wholeNumber(1)

const storedCredential = object({
  origin,
  fingerprint: text('16 hexadecimal digits', (value) => /^[0-9a-f]{16}$/.test(value)),
  updatedAt: time,
})
const referencedCredential = object({
  reference: fieldText,
  origin,
  seal: text('16 hexadecimal digits', (value) => /^[0-9a-f]{16}$/.test(value)),
  updatedAt: time,
})

const credential: Check = (value, path, report) => {
  const field = /\.credentials\.header\.(.*)$/s.exec(path)?.[1]
  if (field !== undefined) headerName(field, path, report)
  const kept = isObject(value) ? value['kept'] : undefined
  if (kept === 'keychain' || kept === 'file') return storedCredential(value, path, report)
  if (kept === 'reference') return referencedCredential(value, path, report)
  report(`${join(path, 'kept')}: expected keychain, file or reference`)
}

const headerName = text(
  'a field name that an operator may set',
  (name) => isHeaderName(name) && !isReservedHeader(name),
)
const headerValue = text(
  `visible ASCII of at most ${MAX_VALUE_BYTES} bytes`,
  (value) => value.length <= MAX_VALUE_BYTES && isHeaderValue(value),
)

const header: Check = (value, path, report) => {
  if (!Array.isArray(value) || value.length !== 2) return report(`${path}: expected a name and a value`)
  headerName(value[0], `${path}[0]`, report)
  headerValue(value[1], `${path}[1]`, report)
}

const providerRecord = object({
  id: identifier,
  name: text('a provider name', (value) => PROVIDER_NAME_PATTERN.test(value)),
  type: text('a provider type', (value) => PROVIDER_NAME_PATTERN.test(value)),
  credentials: dictionary('credential key', KEY_PATTERN, MAX_CREDENTIALS, credential),
  config: dictionary('config key', KEY_PATTERN, MAX_CONFIG_KEYS, fieldText),
  headers: list(MAX_HEADERS, header),
  createdAt: time,
  updatedAt: time,
})

const providers: Check = (value, path, report) => {
  dictionary('provider name', PROVIDER_NAME_PATTERN, Number.POSITIVE_INFINITY, providerRecord)(value, path, report)
  if (!isObject(value)) return
  for (const [name, record] of Object.entries(value)) {
    // Two names for one record would make it depend on who looks which credential is meant.
    if (isObject(record) && record['name'] !== name) report(`${join(path, name)}.name: differs from its place`)
  }
}

const document = object(
  {
    schemaVersion: (value, path, report) => {
      if (value !== 1) report(`${path}: expected 1`)
    },
    version: wholeNumber(0),
    providers,
  },
  {
    inference: object(
      {
        provider: text('a provider name', (value) => PROVIDER_NAME_PATTERN.test(value)),
        model: identifier,
        version: wholeNumber(1),
        updatedAt: time,
      },
      {
        connectTimeoutMs: milliseconds,
        firstByteTimeoutMs: milliseconds,
        idleTimeoutMs: milliseconds,
        serverTools: text('allow or deny', (value) => value === 'allow' || value === 'deny'),
      },
    ),
  },
)

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOrigin(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === value
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
