import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { TestProxy } from './start-test-proxy.js'

/** A connection to `inference.local` whose ClientHello leaves with CONNECT, before the answer to it. */
export async function pipelinedHandshake(proxy: TestProxy): Promise<TLSSocket> {
  const socket = await proxy.connectRaw()
  let hello: Buffer = Buffer.from('CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n')
  let answer: Buffer | undefined = Buffer.alloc(0)
  const behindAnswer = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      socket.write(Buffer.concat([hello, chunk]), done)
      hello = Buffer.alloc(0)
    },
    final(done) {
      socket.end(done)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    if (answer) {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end >= 0) {
        behindAnswer.push(answer.subarray(end + 4))
        answer = undefined
      }
    } else {
      behindAnswer.push(chunk)
    }
  })
  socket.on('end', () => behindAnswer.push(null))
  const tls = connectTls({ socket: behindAnswer, servername: 'inference.local', ca: proxy.rootCertificate })
  await once(tls, 'secureConnect')
  return tls
}
