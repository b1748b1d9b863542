import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { ProxyCommand } from './run-proxy-command.js'

/** Where to ask, and whose root to trust. */
export type AskedProxy = Pick<ProxyCommand, 'port' | 'home'>

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** Asks for a chat completion through the proxy, on a connection of its own, TLS verified against the stored root. */
export async function ask(proxy: AskedProxy, content: object = {}): Promise<Answer> {
  return readAnswer(await openAnswer(proxy, content))
}

/** The same, as soon as the head of the answer has come: for streams. */
export async function openAnswer(proxy: AskedProxy, content: object = {}): Promise<IncomingMessage> {
  const tls = await openInference(proxy)
  const asking = request({
    host: 'inference.local',
    // Without an agent Node takes 80, and says so in Host.
    defaultPort: 443,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    createConnection: () => tls,
  })
  asking.end(JSON.stringify({ model: 'asked-for', messages: [{ role: 'user', content: 'Hello' }], ...content }))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return response
}

export async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks = (await response.toArray()) as Buffer[]
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }
}

export async function openInference({ port, home }: AskedProxy): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (!answer.toString().startsWith('HTTP/1.1 200')) throw new Error(`CONNECT failed: ${answer}`)
  const root = readFileSync(join(home.env['NEMOCLAW_HOME']!, 'data', 'ca', 'ca.pem'))
  const tls = connectTls({ socket, servername: 'inference.local', ca: root })
  await once(tls, 'secureConnect')
  return tls
}

/** Asks again until `isAsWanted`, and fails with the last answer after 10 s. */
export async function askUntil(proxy: AskedProxy, isAsWanted: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const answer = await ask(proxy)
    if (isAsWanted(answer)) return answer
    if (performance.now() > deadline) throw new Error(`still: ${answer.status} ${answer.text}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
