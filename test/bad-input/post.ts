/** A POST as bytes, framed correctly whatever the content is, connection closed afterwards. */
export function post(
  content: string | Buffer,
  {
    path = '/v1/chat/completions',
    contentType = 'application/json',
    fields = [],
  }: { readonly path?: string; readonly contentType?: string | null; readonly fields?: readonly string[] } = {},
): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: inference.local',
    ...(contentType === null ? [] : [`Content-Type: ${contentType}`]),
    `Content-Length: ${bytes.length}`,
    'Connection: close',
    ...fields,
    '',
    '',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}
