import { isIP } from 'node:net'

/** What a DNS query asks (RFC 1035 §4.1.2). */
export interface Question {
  /** Lower case, without the trailing dot. */
  readonly name: string
  readonly type: 'A' | 'AAAA' | `TYPE${number}`
}

/** What a name server says of a name. */
export interface NameRecords {
  /** IPv4 and IPv6; each question gets those of its type. */
  readonly addresses?: readonly string[]
  /** The name that these are said to belong to. */
  readonly alias?: string
  readonly code?: 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN'
}

const RESPONSE_CODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const
const TYPES = { A: 1, AAAA: 28, CNAME: 5 } as const
const QUESTION_AT = 12
const POINTER_TO_QUESTION = Buffer.from([0xc0, QUESTION_AT])
const MAX_DATAGRAM_BYTES = 512
const MAX_STREAM_BYTES = 65_535

export function readQuestion(query: Buffer): Question {
  const labels: string[] = []
  let at = QUESTION_AT
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = query.readUInt16BE(at + 1)
  const known = type === TYPES.A ? 'A' : type === TYPES.AAAA ? 'AAAA' : `TYPE${type}`
  return { name: labels.join('.').toLowerCase(), type: known } as Question
}

/**
 * Answers a query with a time to live of 0. What does not fit a datagram is asked for again over TCP (RFC 1035 §4.2.1);
 * what does not fit there is left out.
 */
export function writeAnswer(query: Buffer, records: NameRecords, transport: 'udp' | 'tcp'): Buffer {
  const questionEnd = query.indexOf(0, QUESTION_AT) + 5
  const question = query.subarray(QUESTION_AT, questionEnd)
  const { type } = readQuestion(query)
  const version = type === 'A' ? 4 : type === 'AAAA' ? 6 : undefined
  const addresses = (records.addresses ?? []).filter((address) => isIP(address) === version)
  const limit = transport === 'udp' ? MAX_DATAGRAM_BYTES : MAX_STREAM_BYTES
  const all = [
    ...(records.alias === undefined ? [] : [resource(POINTER_TO_QUESTION, TYPES.CNAME, nameBytes(records.alias))]),
    ...addresses.map((address) =>
      resource(
        records.alias === undefined ? POINTER_TO_QUESTION : nameBytes(records.alias),
        version === 4 ? TYPES.A : TYPES.AAAA,
        addressBytes(address),
      ),
    ),
  ]
  let length = questionEnd
  const fitting = all.filter((bytes) => {
    length += bytes.length
    return length <= limit
  })
  const isTruncated = transport === 'udp' && fitting.length < all.length
  const header = Buffer.alloc(QUESTION_AT)
  query.copy(header, 0, 0, 2)
  const RESPONSE_AND_RECURSION = 0x8180
  header.writeUInt16BE(
    RESPONSE_AND_RECURSION | (isTruncated ? 0x0200 : 0) | RESPONSE_CODES[records.code ?? 'NOERROR'],
    2,
  )
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(isTruncated ? 0 : fitting.length, 6)
  return Buffer.concat([header, question, ...(isTruncated ? [] : fitting)])
}

function resource(name: Buffer, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10) // Type, class, time to live of 0, length.
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([name, fixed, data])
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.alloc(1),
  ])
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // WHATWG URL writes embedded IPv4 as hex groups, and nothing but `::` is short.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [before = '', after] = canonical.split('::')
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const [head, tail] = [groups(before), groups(after)]
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0')
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
