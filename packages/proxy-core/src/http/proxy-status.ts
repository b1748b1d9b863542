import type { ProxyError } from '../proxy-error.js'

/** @returns The value of `Proxy-Status` for a response of our own making (RFC 9209 §2). */
export function proxyStatusField(error: ProxyError): string {
  return `nemoclaw; error=${error.proxyStatus}; details="${error.code}"`
}
