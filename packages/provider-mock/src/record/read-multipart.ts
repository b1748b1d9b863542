/** One part of `multipart/form-data` (RFC 7578). */
export interface MultipartPart {
  readonly name: string
  readonly filename?: string
  readonly contentType?: string
  readonly content: Buffer
}

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Takes `multipart/form-data` content apart. Lenient about what follows the last boundary, strict about the rest.
 *
 * @returns undefined where the content type is another one, or the content is malformed.
 */
export function readMultipart(contentType: string | undefined, content: Buffer): readonly MultipartPart[] | undefined {
  const boundary = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? '')
  if (!boundary) {
    return undefined
  }
  const delimiter = Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`)
  // The first delimiter has no CRLF before it.
  const text = Buffer.concat([Buffer.from('\r\n'), content])
  const parts: MultipartPart[] = []
  let start = text.indexOf(delimiter)
  while (start !== -1) {
    const headStart = start + delimiter.length
    if (text.subarray(headStart, headStart + 2).equals(Buffer.from('--'))) {
      return parts
    }
    const next = text.indexOf(delimiter, headStart)
    const headEnd = text.indexOf(HEAD_END, headStart)
    const part = next === -1 || headEnd === -1 ? undefined : readPart(text, headStart, headEnd, next)
    if (!part) {
      return undefined
    }
    parts.push(part)
    start = next
  }
  return undefined
}

function readPart(text: Buffer, headStart: number, headEnd: number, end: number): MultipartPart | undefined {
  const head = text.subarray(headStart, headEnd).toString('utf8')
  const name = /^content-disposition:[^\r\n]*?;\s*name="([^"]*)"/im.exec(head)?.[1]
  const filename = /^content-disposition:[^\r\n]*?;\s*filename="([^"]*)"/im.exec(head)?.[1]
  const contentType = /^content-type:[ \t]*([^\r\n]+)/im.exec(head)?.[1]
  return name === undefined
    ? undefined
    : {
        name,
        ...(filename !== undefined && { filename }),
        ...(contentType !== undefined && { contentType }),
        content: Buffer.from(text.subarray(headEnd + HEAD_END.length, Math.max(end, headEnd + HEAD_END.length))),
      }
}
