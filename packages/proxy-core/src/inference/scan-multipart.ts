import { ProxyError } from '../proxy-error.js'
import type { Span } from './json-scan.js'

/** A part of multipart/form-data (RFC 7578) and where its content is. */
export interface FormPart {
  readonly name: string
  readonly content: Span
}

const MAX_PARTS = 256
const MAX_PART_HEAD_BYTES = 8 * 1024
// RFC 2046 §5.1.1: 1 to 70 characters, the last no space.
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/
const DISPOSITION =
  /^form-data((?:[ \t]*;[ \t]*(?:[a-z]+\*?="(?:[^"\\]|\\.)*"|filename\*=[!#$&+.^_`|~0-9A-Za-z%'-]+))+)[ \t]*$/i
const PARAMETER = /;[ \t]*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|[^;"]*)/gi

/**
 * Finds the parts of a form. Strict on purpose: whatever two parsers could split or name differently is refused,
 * so that the `model` we replace is the one the provider reads.
 *
 * @throws {ProxyError} `ERR_CONTENT_NOT_MULTIPART` (400).
 */
export function scanMultipart(content: Buffer, boundary: string | undefined): readonly FormPart[] {
  if (boundary === undefined || !BOUNDARY.test(boundary)) {
    throw malformed('the boundary parameter of Content-Type must have 1 to 70 characters')
  }
  const dashes = Buffer.from(`--${boundary}`)
  const opening = Buffer.from(`--${boundary}\r\n`)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  if (content.compare(opening, 0, opening.length, 0, Math.min(opening.length, content.length)) !== 0) {
    throw malformed('the content does not begin with its boundary')
  }
  const parts: FormPart[] = []
  let at = opening.length
  for (;;) {
    const headEnd = content.indexOf('\r\n\r\n', at)
    if (headEnd < 0 || headEnd - at > MAX_PART_HEAD_BYTES || parts.length >= MAX_PARTS) {
      throw malformed('a part has no end of its header, or there are too many parts')
    }
    const start = headEnd + 4
    const end = content.indexOf(delimiter, start)
    if (end < 0) {
      throw malformed('the closing boundary is missing')
    }
    // Behind an empty line, or behind a bare CR or LF, some parsers see a boundary here and others do not.
    if (content.indexOf(dashes, start) < end) {
      throw malformed('the boundary occurs within a part')
    }
    parts.push({ name: partName(content.toString('utf8', at, headEnd)), content: { start, end } })
    at = end + delimiter.length
    const follows = content.toString('latin1', at, at + 4)
    if (follows === '--' || (follows === '--\r\n' && content.length === at + 4)) {
      return parts
    }
    if (!follows.startsWith('\r\n')) {
      throw malformed('a boundary is followed by neither a line break nor the end')
    }
    at += 2
  }
}

function partName(head: string): string {
  let name: string | undefined
  for (const line of head.split('\r\n')) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line)
    // A bare CR or LF, a folded line: forms that parsers disagree on.
    if (!field || /[\r\n\0]/.test(line)) {
      throw malformed('a part has a malformed header line')
    }
    const [, fieldName, value] = field
    switch (fieldName!.toLowerCase()) {
      case 'content-disposition':
        if (name !== undefined) {
          throw malformed('a part has two Content-Disposition lines')
        }
        name = dispositionName(value!)
        break
      case 'content-transfer-encoding':
        if (!/^(?:7bit|8bit|binary)$/i.test(value!.trim())) {
          throw malformed('Content-Transfer-Encoding is not used in forms (RFC 7578 §4.7)')
        }
        break
      case 'content-type':
        if (/^\s*multipart\//i.test(value!)) {
          throw malformed('a part may not hold parts of its own')
        }
        break
    }
  }
  if (name === undefined) {
    throw malformed('a part has no Content-Disposition with a name')
  }
  return name
}

function dispositionName(value: string): string {
  const parameters = DISPOSITION.exec(value)?.[1]
  const names: string[] = []
  for (const [, parameter, text] of (parameters ?? '').matchAll(PARAMETER)) {
    const lowerCase = parameter!.toLowerCase()
    if (lowerCase === 'name') {
      names.push(text!)
    } else if (lowerCase === 'name*') {
      throw malformed('name* is not used in forms (RFC 7578 §4.2)')
    }
  }
  if (names.length !== 1 || names[0]!.includes('\\')) {
    throw malformed('a part must have Content-Disposition: form-data with one plain, quoted name')
  }
  return names[0]!
}

function malformed(reason: string): ProxyError {
  return new ProxyError('ERR_CONTENT_NOT_MULTIPART', `The form cannot be read safely: ${reason}.`)
}
