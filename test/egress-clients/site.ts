import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { providerTls } from '../bad-input/upstream-certificates.js'
import type { EgressBed } from '../egress/egress-bed.js'

/** Something that clients want to reach. */
export interface Site extends AsyncDisposable {
  /** Where it listens in truth, outside of the bed. */
  readonly port: number
}

/** Serves `https://NAME`, with a certificate for that name by the CA of these tests. */
export function startHttpsSite(bed: EgressBed, name: string, listener: RequestListener, addresses = [PUBLIC]) {
  return openSite(bed, createHttpsServer(providerTls({ names: [name] }), listener), name, addresses)
}

/** Serves plain HTTP to who comes to one of the addresses. */
export function startHttpSite(bed: EgressBed, name: string, listener: RequestListener, addresses: readonly string[]) {
  return openSite(bed, createHttpServer(listener), name, addresses)
}

/** A public address; nobody's. */
const PUBLIC = '93.184.216.34'

/**
 * Listens, gives the name its addresses, and leads there whoever gets out of the proxy: to whichever address, so that the
 * addresses dialled have to be checked.
 */
export async function openSite(
  bed: EgressBed,
  server: Server,
  name: string,
  addresses: readonly string[] = [PUBLIC],
): Promise<Site> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  bed.names.set(name, addresses)
  bed.arrivals.greet = ({ socket, bytes }) => {
    const site = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    site.write(bytes, 'latin1')
    for (const [from, to] of [
      [socket, site],
      [site, socket],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => from.readableEnded || to.destroy())
    }
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      bed.arrivals.clear()
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) (server as ReturnType<typeof createHttpServer>).closeAllConnections()
      await closed
    },
  }
}
