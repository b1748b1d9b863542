import { type FieldList, fieldValues, listMembers } from '../http/field-list.js'
import { hopByHopNames } from '../http/hop-by-hop.js'
import { ProxyError } from '../proxy-error.js'

/** How we call ourselves in `Via` (RFC 9110 §7.6.3). */
const PSEUDONYM = 'nemoclaw'
/** By which some servers take another method or path than the one that was judged. */
const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-url',
  'x-rewrite-url',
])
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/**
 * Refuses a request that has been here before, or may go no further (RFC 9110 §7.6.2 and §7.6.3).
 *
 * @throws {ProxyError} `ERR_LOOP_DETECTED` (508).
 */
export function refuseLoop(fields: FieldList): void {
  const through = listMembers(fieldValues(fields, 'via')).map((member) => member.split(/\s+/)[1])
  if (through.includes(PSEUDONYM)) {
    throw new ProxyError('ERR_LOOP_DETECTED', 'The request has passed this proxy before: it goes in a circle.')
  }
  if (fieldValues(fields, 'max-forwards').some((value) => /^0+$/.test(value))) {
    throw new ProxyError('ERR_LOOP_DETECTED', 'Max-Forwards is used up: the request may not be forwarded.')
  }
}

export interface ForwardedRequest {
  readonly method: string
  readonly httpVersion: string
  readonly fields: FieldList
  /** For `Host`. */
  readonly hostField: string
}

/** The header fields of a forwarded request: framing is put anew, what concerns one connection or a proxy ends here. */
export function forwardRequestFields({ method, httpVersion, fields, hostField }: ForwardedRequest): FieldList {
  const ending = hopByHopNames(fields)
  const [length] = fieldValues(fields, 'content-length')
  const isChunked = fieldValues(fields, 'transfer-encoding').length > 0
  const kept = fields.filter(([name]) => {
    const lowerCase = name.toLowerCase()
    const isOurs = lowerCase === 'host' || lowerCase === 'via' || lowerCase === 'expect' || FRAMING.has(lowerCase)
    return !isOurs && !OVERRIDES.has(lowerCase) && !ending.has(lowerCase) && !lowerCase.startsWith('proxy-')
  })
  return [
    ['Host', hostField],
    ...kept.map(([name, value]) =>
      name.toLowerCase() === 'max-forwards' ? ([name, decremented(value)] as const) : ([name, value] as const),
    ),
    ...framing(method, length, isChunked),
    viaField(httpVersion, fields),
    ['Connection', 'close'],
  ]
}

/** The header fields of a forwarded response; its framing is Node's where no length is known. */
export function forwardResponseFields(httpVersion: string, fields: FieldList): FieldList {
  const ending = hopByHopNames(fields)
  const kept = fields.filter(([name]) => {
    const lowerCase = name.toLowerCase()
    return lowerCase !== 'via' && !ending.has(lowerCase) && !lowerCase.startsWith('proxy-')
  })
  return [...kept, viaField(httpVersion, fields), ['Connection', 'close']]
}

function framing(method: string, length: string | undefined, isChunked: boolean): FieldList {
  if (isChunked) {
    return [['Transfer-Encoding', 'chunked']]
  }
  const expectsContent = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return length !== undefined || expectsContent ? [['Content-Length', length ?? '0']] : []
}

function viaField(httpVersion: string, fields: FieldList): readonly [string, string] {
  return ['Via', [...fieldValues(fields, 'via'), `${httpVersion} ${PSEUDONYM}`].join(', ')]
}

function decremented(value: string): string {
  return /^[0-9]{1,9}$/.test(value) ? String(Number(value) - 1) : value
}
