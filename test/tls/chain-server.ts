import { createServer, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Chain } from './openssl-chain.js'

export interface ChainServer extends AsyncDisposable {
  readonly port: number
  /** How many clients have asked for a tunnel. */
  readonly connections: number
}

/** A CONNECT proxy that shows one chain for whatever was asked for: what a thief of the key would run. */
export async function startChainServer({ chainPem, keyPem }: Pick<Chain, 'chainPem' | 'keyPem'>): Promise<ChainServer> {
  const secureContext = createSecureContext({ cert: chainPem, key: keyPem })
  const behindTls = createServer((_request, response) => response.end('served\n'))
  const proxy = new Server()
  let connections = 0
  proxy.on('connect', (_request, client) => {
    connections += 1
    client.on('error', () => {})
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    behindTls.emit('connection', new TLSSocket(client, { isServer: true, secureContext }))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))

  return {
    port: (proxy.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      behindTls.closeAllConnections()
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
