import type { InferenceProtocol } from '../provider/index.js'
import type { ProxyError } from '../proxy-error.js'
import { anthropicErrorType } from './dialect-error.js'

/**
 * The last event of a stream that broke: an error in the words of the protocol, never a made-up finish.
 *
 * @returns The bytes of one server-sent event.
 */
export function streamFailureEvent(protocol: InferenceProtocol, error: ProxyError, model: string): string {
  const { clientCode: code, message, status } = error
  switch (protocol) {
    case 'anthropic_messages':
      return event('error', {
        type: 'error',
        error: { type: anthropicErrorType(status), message: `${code}: ${message}` },
      })
    case 'openai_responses':
      return event('response.failed', {
        type: 'response.failed',
        response: {
          object: 'response',
          status: 'failed',
          error: { code: 'server_error', message: `${code}: ${message}` },
          incomplete_details: null,
          model,
          output: [],
        },
      })
    default:
      return `data: ${JSON.stringify({ error: { message, type: 'server_error', code, param: null } })}\n\n`
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
