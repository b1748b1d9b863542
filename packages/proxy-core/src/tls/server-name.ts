/** The one name that is ever served. */
export const INFERENCE_SERVER_NAME = 'inference.local'

/**
 * Whether a client that named `serverName` in its ClientHello (RFC 6066 §3) means us.
 *
 * @param serverName - As received. The absolute form with one trailing dot names the same host (RFC 1034 §3.1);
 *   RFC 6066 forbids it and clients send it all the same.
 */
export function isInferenceServerName(serverName: string): boolean {
  const name = serverName.toLowerCase()
  return (name.endsWith('.') ? name.slice(0, -1) : name) === INFERENCE_SERVER_NAME
}
