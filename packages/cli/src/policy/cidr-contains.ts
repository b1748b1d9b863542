import { BlockList, isIP } from 'node:net'

/** Whether every address of `inner`, a CIDR block or one address, is in the block `outer`. Both are canonical. */
export function cidrContains(outer: string, inner: string): boolean {
  const [network = '', outerPrefix] = outer.split('/')
  const [address = '', innerPrefix] = inner.split('/')
  const family = isIP(network) === 4 ? 'ipv4' : 'ipv6'
  if (isIP(network) !== isIP(address)) return false
  if (innerPrefix !== undefined && Number(innerPrefix) < Number(outerPrefix)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(outerPrefix), family)
  return list.check(address, family)
}
