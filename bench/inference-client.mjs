import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { Agent, request as secureRequest } from 'node:https'
import { connect as connectTls } from 'node:tls'

/** A client of `inference.local` on one kept-alive connection through the proxy, TLS verified. */
export class InferenceClient {
  /** @param rootPath - PEM file of the proxy's root. */
  static async open(proxyUrl, rootPath) {
    const { hostname, port } = new URL(proxyUrl)
    const connecting = request({ hostname, port, method: 'CONNECT', path: 'inference.local:443' }).end()
    const [response, socket] = await once(connecting, 'connect')
    if (response.statusCode !== 200) throw new Error(`CONNECT was answered with ${response.statusCode}`)
    const tls = connectTls({ socket, servername: 'inference.local', ca: readFileSync(rootPath) })
    await once(tls, 'secureConnect')
    return new InferenceClient(proxyUrl, tls, new Agent({ keepAlive: true, maxSockets: 1 }))
  }

  constructor(proxyUrl, tls, agent) {
    this.proxyUrl = proxyUrl
    this.tls = tls
    this.agent = agent
    agent.createConnection = () => tls
  }

  /** @returns Status and content of the answer, read whole. */
  async ask(content, onData) {
    const body = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content)
    const asking = secureRequest({
      host: 'inference.local',
      path: '/v1/chat/completions',
      method: 'POST',
      agent: this.agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    asking.end(body)
    const [response] = await once(asking, 'response')
    let bytes = 0
    for await (const chunk of response) {
      bytes += chunk.length
      onData?.(chunk)
    }
    return { status: response.statusCode, bytes }
  }

  close() {
    this.tls.destroy()
    this.agent.destroy()
  }
}
