import { authViolations } from './auth-violations.js'
import { baseUrlViolations } from './base-url-violations.js'
import { duplicateViolations } from './duplicate-violations.js'
import { environmentNameViolations } from './environment-name-violations.js'
import { defaultHeaderViolations, passthroughViolations } from './header-list-violations.js'
import { INFERENCE_PROTOCOLS } from './inference-protocol.js'
import { memberOf, type PlainData, type PlainRecord, plainData, printableName, textsIn } from './plain-data.js'

const KNOWN_FIELDS = [
  'providerType',
  'displayName',
  'defaultBaseUrl',
  'protocols',
  'auth',
  'defaultHeaders',
  'passthroughHeaders',
  'credentialKeyNames',
  'baseUrlConfigKeys',
  'defaultModel',
  'servesUnsetRoute',
] as const

type KnownField = (typeof KNOWN_FIELDS)[number]

/** A check of one field; it sees the whole profile, because some fields depend on others. */
type FieldCheck = (field: KnownField, value: PlainData | undefined, profile: PlainRecord) => readonly string[]

const MAX_VIOLATIONS = 20

const CHECKS: Readonly<Record<KnownField, FieldCheck>> = {
  providerType: (field, value) =>
    typeof value === 'string' && /^[a-z0-9-]{1,63}$/.test(value)
      ? []
      : [`${field} must be 1 to 63 of the characters a-z, 0-9 and -`],
  displayName: (field, value) => printableViolations(field, value, 100),
  defaultBaseUrl: (field, value) =>
    typeof value === 'string'
      ? baseUrlViolations(field, value)
      : [`${field} must be a text; an absolute URL is accepted`],
  protocols: protocolViolations,
  auth: authViolations,
  defaultHeaders: (field, value, profile) =>
    defaultHeaderViolations(field, value, memberOf(profile.get('auth'), 'name')),
  passthroughHeaders: (field, value, profile) =>
    passthroughViolations(field, value, memberOf(profile.get('auth'), 'name')),
  credentialKeyNames: credentialKeyViolations,
  baseUrlConfigKeys: (field, value, profile) => [
    ...environmentNameViolations(field, value),
    ...textsIn(value)
      .filter((name) => textsIn(profile.get('credentialKeyNames')).includes(name))
      .map((name) => `${field} lists ${printableName(name)}, which holds a credential; another name is accepted`),
  ],
  defaultModel: (field, value) => (value === undefined ? [] : printableViolations(field, value, 512)),
  servesUnsetRoute: (field, value, profile) => {
    if (value !== undefined && typeof value !== 'boolean') return [`${field} must be true or false`]
    return value === true && profile.get('defaultModel') === undefined
      ? [`${field} is true without a defaultModel; name the model that an unset route serves`]
      : []
  },
}

/**
 * Whether a value is a provider profile the proxy can work with: the conformance check of the contract.
 *
 * @param candidate - Anything, as an unknown plugin handed it over. None of its code is run.
 * @returns one sentence for each thing that is wrong: the field, what is wrong with it, what is accepted. Empty when
 *   nothing is. Never throws.
 */
export function profileViolations(candidate: unknown): readonly string[] {
  const result = plainData(candidate)
  if ('violation' in result) {
    return [result.violation]
  }
  const profile = result.data
  if (!(profile instanceof Map)) {
    return ['The profile is not an object; an InferenceProviderProfile is accepted']
  }
  const unknown = [...profile.keys()]
    .filter((name) => !KNOWN_FIELDS.some((known) => known === name))
    .map((name) => `${printableName(name)} is no field of a profile; ${KNOWN_FIELDS.join(', ')} are accepted`)
  const violations = KNOWN_FIELDS.flatMap((field) => CHECKS[field](field, profile.get(field), profile))
  return [...unknown, ...violations].slice(0, MAX_VIOLATIONS)
}

function protocolViolations(field: string, value: PlainData | undefined): readonly string[] {
  const accepted = `accepted are ${INFERENCE_PROTOCOLS.join(', ')}`
  if (!Array.isArray(value) || value.length === 0) {
    return [`${field} must be a list with at least one protocol; ${accepted}`]
  }
  return [
    ...value
      .filter((name) => !INFERENCE_PROTOCOLS.some((known) => known === name))
      .map((name) => `${field} lists ${printableName(String(name))}, which is no protocol; ${accepted}`),
    ...duplicateViolations(field, textsIn(value)),
  ]
}

function credentialKeyViolations(field: string, value: PlainData | undefined, profile: PlainRecord): readonly string[] {
  const needsKey = memberOf(profile.get('auth'), 'kind') !== 'none'
  return Array.isArray(value) && value.length === 0 && needsKey
    ? [`${field} is empty though auth needs a credential; name the variable that may hold it`]
    : environmentNameViolations(field, value)
}

function printableViolations(field: string, value: PlainData | undefined, maxLength: number): readonly string[] {
  const printable =
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= maxLength &&
    !/[\p{C}\p{Zl}\p{Zp}]/u.test(value) &&
    value.trim() === value
  return printable ? [] : [`${field} must be 1 to ${maxLength} printable characters, none of them space at either end`]
}
