/** Where a client of this machine reaches a proxy that listens on `url`: the wildcard addresses are no place to go to. */
export function reachableUrl(url: string): URL {
  const reachable = new URL(url)
  if (reachable.hostname === '0.0.0.0') reachable.hostname = '127.0.0.1'
  if (reachable.hostname === '[::]') reachable.hostname = '[::1]'
  return reachable
}
