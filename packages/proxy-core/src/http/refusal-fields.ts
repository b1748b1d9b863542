import type { ProxyError } from '../proxy-error.js'
import type { FieldList } from './field-list.js'

/**
 * The header of a response of our own making: what went wrong (RFC 9209 §2), and what the status obliges us to add
 * (RFC 9110 §15.5.6, §15.5.8 and §15.5.22).
 *
 * @param content - JSON text.
 * @param close - Whether the connection ends behind it.
 */
export function refusalFields(error: ProxyError, content: string, close: boolean): FieldList {
  return [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(Buffer.byteLength(content))],
    ['Proxy-Status', `nemoclaw; error=${error.proxyStatus}; details="${error.code}"`],
    ...(error.status === 405 ? [['Allow', 'GET, POST'] as const] : []),
    ...(error.status === 407 ? [['Proxy-Authenticate', 'Basic realm="nemoclaw", charset="UTF-8"'] as const] : []),
    ...(error.status === 426 ? [['Upgrade', 'HTTP/1.1'] as const] : []),
    ...(close ? [['Connection', 'close'] as const] : []),
  ]
}
