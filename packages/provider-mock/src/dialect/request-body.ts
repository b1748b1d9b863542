import type { ReceivedRequest } from '../record/received-request.js'

/**
 * The members a request states: its JSON object, or the text fields of its multipart content.
 *
 * @returns undefined where the content is neither; an empty object for a GET.
 */
export function requestBody({ method, json, parts }: ReceivedRequest): Readonly<Record<string, unknown>> | undefined {
  if (method === 'GET') {
    return {}
  }
  if (parts) {
    return Object.fromEntries(
      parts.map(({ name, filename, content }) => [name, filename === undefined ? content.toString() : content]),
    )
  }
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, unknown>>)
    : undefined
}
