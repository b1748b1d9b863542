import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import type { EgressBed } from './egress-bed.js'
import { connect, readUntil } from './egress-client.js'
import type { EgressProxy, NetworkPolicies } from './egress-proxy.js'

/** Within which a changed policy is in force. */
export const RELOAD_MS = 1_000
/** A policy that allows `NAME.example.com` on port 443. */
export const web = (...names: readonly string[]): NetworkPolicies => ({
  web: { endpoints: names.map((name) => ({ host: `${name}.example.com`, port: 443 })) },
})

/** Gives a, b and c addresses of their own. */
export function nameAll(bed: EgressBed) {
  for (const [index, name] of ['a', 'b', 'c'].entries())
    bed.names.set(`${name}.example.com`, [`93.184.216.${index + 1}`])
}

/** Where the destination echoes. */
export async function expectAlive(tunnel: Socket) {
  tunnel.write('ping')
  expect(await readUntil(tunnel, 'ping')).toBe('ping')
}

export const isServed = async (proxy: EgressProxy, target: string) => (await answerOrTunnel(proxy, target)) === 200

async function answerOrTunnel(proxy: EgressProxy, target: string): Promise<number> {
  const socket = await proxy.dial()
  socket.write(connect(target))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return Number(bytes.toString('latin1', 9, 12))
}
