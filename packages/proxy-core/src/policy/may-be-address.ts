/**
 * Whether a canonical host can be an IP address at all: IPv4 ends in a digit and IPv6 holds a colon, as hardly a name does.
 * Parsing it to find out takes longer than all the rest of a decision.
 */
export function mayBeAddress(host: string): boolean {
  const last = host.charCodeAt(host.length - 1)
  return (last >= 0x30 && last <= 0x39) || host.includes(':')
}
