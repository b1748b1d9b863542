import type { Socket } from 'node:net'
import { writeRefusal } from '../http/write-refusal.js'
import type { ProxyError } from '../proxy-error.js'

// A client that is still sending reads our refusal only if its bytes are taken: see `lingered` for exchanges.
const LINGER_MS = 2_000

/** @returns JSON text for a refusal on the proxy's own port: no dialect applies there. */
export function refusalContent(error: ProxyError): string {
  return JSON.stringify({
    error: error.clientCode,
    detail: error.message,
    policy: null,
    next_steps: nextSteps(error),
  })
}

/**
 * Answers a client of which only the socket is known, and closes: what it sent behind is dropped, never parsed.
 *
 * @param reuse - Serves the connection on, where the refusal lets the client try again (407).
 */
export function refuseClient(client: Socket, error: ProxyError, reuse?: () => void): void {
  if (!client.writable) {
    client.destroy()
    return
  }
  client.on('error', () => client.destroy())
  const content = refusalContent(error)
  if (error.code === 'ERR_PROXY_AUTHENTICATION_REQUIRED') {
    const fields = [['Proxy-Authenticate', 'Basic realm="nemoclaw", charset="UTF-8"']] as const
    writeRefusal(client, { error, content, fields, close: reuse === undefined })
    if (reuse) {
      reuse()
      return
    }
  } else {
    writeRefusal(client, { error, content })
  }
  client.on('end', () => client.destroy())
  client.resume()
  setTimeout(() => client.destroy(), LINGER_MS).unref()
}

function nextSteps(error: ProxyError): readonly string[] {
  switch (error.code) {
    case 'ERR_DESTINATION_DENIED':
      return ['Ask for models at https://inference.local/v1; nothing else is reachable through this proxy.']
    case 'ERR_PROXY_AUTHENTICATION_REQUIRED':
      return ['eval "$(nemoclaw env)"']
    default:
      return []
  }
}
