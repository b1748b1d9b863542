/** One response as a strict reader takes it off the wire. */
export interface Answer {
  readonly status: number
  /** Names in lower case, in the order they came. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Chunked coding removed. */
  readonly content: string
  /** `error.code` of a refusal, whatever its shape. */
  readonly code?: string
  /** Whether the content came to the end that its framing announced. */
  readonly whole: boolean
}

/** Takes apart everything that one connection brought. @throws where it is no sequence of HTTP/1.1 responses. */
export function parseAnswers(wire: string): readonly Answer[] {
  const answers: Answer[] = []
  let rest = wire
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, headEnd).split('\r\n')
    const status = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(head[0] ?? '')?.[1]
    if (headEnd < 0 || status === undefined) {
      throw new Error(`no response head: ${JSON.stringify(rest.slice(0, 200))}`)
    }
    const fields = head.slice(1).map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\r\n\0]*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) {
        throw new Error(`no field line: ${JSON.stringify(line)}`)
      }
      return [name.toLowerCase(), value] as const
    })
    const { content, whole, next } = takeContent(rest.slice(headEnd + 4), Number(status), fields)
    const code = errorCode(content)
    answers.push({ status: Number(status), fields, content, whole, ...(code !== undefined && { code }) })
    rest = next
  }
  return answers
}

/** Values of a field of an answer. */
export function fieldsNamed(answer: Answer | undefined, name: string): readonly string[] {
  return (answer?.fields ?? []).filter(([candidate]) => candidate === name).map(([, value]) => value)
}

function takeContent(
  rest: string,
  status: number,
  fields: Answer['fields'],
): { content: string; whole: boolean; next: string } {
  const length = fields.find(([name]) => name === 'content-length')?.[1]
  const coding = fields.find(([name]) => name === 'transfer-encoding')?.[1]
  if (status < 200 || status === 204 || status === 304) {
    return { content: '', whole: true, next: rest }
  }
  if (coding !== undefined && length !== undefined) {
    throw new Error('a response with Content-Length and Transfer-Encoding')
  }
  if (length !== undefined) {
    const end = Number(length)
    return { content: rest.slice(0, end), whole: rest.length >= end, next: rest.slice(end) }
  }
  return coding === undefined ? { content: rest, whole: true, next: '' } : takeChunks(rest)
}

function takeChunks(rest: string): { content: string; whole: boolean; next: string } {
  let content = ''
  let at = 0
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, lineEnd), 16)
    const start = lineEnd + 2
    if (lineEnd < 0 || rest.length < start + size + 2) {
      return { content: content + (lineEnd < 0 ? '' : rest.slice(start)), whole: false, next: '' }
    }
    if (size === 0) {
      return { content, whole: true, next: rest.slice(start + 2) }
    }
    content += rest.slice(start, start + size)
    at = start + size + 2
  }
}

/** Of the three shapes in use: the proxy's own, OpenAI's, and Anthropic's, which has the code in its message. */
function errorCode(content: string): string | undefined {
  let parsed: { error?: string | { code?: string; message?: string } } | null
  try {
    parsed = JSON.parse(content)
  } catch {
    return undefined
  }
  const error = parsed?.error
  return typeof error === 'string' ? error : (error?.code ?? error?.message?.split(':', 1)[0])
}
