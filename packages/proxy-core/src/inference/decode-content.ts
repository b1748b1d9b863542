import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { type FieldList, fieldValues, listMembers } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'

type Decode = (content: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', promisify(zlib.gunzip)],
  ['x-gzip', promisify(zlib.gunzip)],
  ['deflate', promisify(zlib.inflate)],
  ['br', promisify(zlib.brotliDecompress)],
  ...zstdDecoder(),
])

/**
 * Undoes a request's `Content-Encoding` (RFC 9110 §8.4), since the model can be replaced only in plain content.
 *
 * @param maxContentBytes - Limit of the *decoded* size; inflation stops there, so a bomb costs no more.
 * @throws {ProxyError} `ERR_CONTENT_TYPE_UNSUPPORTED` (415) for a coding we lack or a chain of them,
 *   `ERR_CONTENT_TOO_LARGE` (413), `ERR_REQUEST_MALFORMED` (400) where the content is not what the field says.
 */
export async function decodeContent(content: Buffer, fields: FieldList, maxContentBytes: number): Promise<Buffer> {
  const codings = listMembers(fieldValues(fields, 'content-encoding')).filter((coding) => coding !== 'identity')
  if (codings.length === 0) {
    return content
  }
  const decode = codings.length === 1 ? DECODERS.get(codings[0]!) : undefined
  if (!decode) {
    throw new ProxyError(
      'ERR_CONTENT_TYPE_UNSUPPORTED',
      `This Content-Encoding is not read here; accepted: none, or one of ${[...DECODERS.keys()].join(', ')}.`,
    )
  }
  try {
    return await decode(content, { maxOutputLength: maxContentBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ProxyError('ERR_CONTENT_TOO_LARGE', `The decoded content is larger than ${maxContentBytes} bytes.`)
    }
    throw new ProxyError('ERR_REQUEST_MALFORMED', `The content is not valid ${codings[0]}.`, { cause })
  }
}

/** Node has zstd from 22.15 on. */
function zstdDecoder(): readonly (readonly [coding: string, decode: Decode])[] {
  const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.gunzip }
  return zstdDecompress ? [['zstd', promisify(zstdDecompress)]] : []
}
