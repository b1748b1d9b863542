import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Whether an address and port lead to a listener: on a wildcard address, every address of this machine does. */
export function isListener(listener: AddressInfo, address: string, port: number): boolean {
  if (listener.port !== port) {
    return false
  }
  const plain = address.replace(/^::ffff:/, '')
  if (listener.address !== '0.0.0.0' && listener.address !== '::') {
    return listener.address === plain
  }
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => entry.address === plain))
}
