import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** Sends CONNECT and waits for the answer; what comes back is the raw connection behind it. */
export async function openTunnel(port: number, authority = 'inference.local:443'): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  // A reset is what many of these tests are about.
  socket.on('error', () => {})
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  let answer = ''
  while (!answer.endsWith('\r\n\r\n')) {
    const chunk = socket.read(1) as Buffer | null
    if (chunk !== null) answer += chunk.toString('latin1')
    else await new Promise<void>((resolve) => socket.once('readable', resolve))
    if (socket.destroyed) throw new Error('closed before the answer')
  }
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer)
  return socket
}

/** How a client saw the handshake end: connected, or the code of the error. */
export type ClientVerdict = { readonly socket: TLSSocket } | { readonly error: NodeJS.ErrnoException }

/** Handshakes as a Node client would. Every option is the client's own; verification stays on. */
export function handshake(options: ConnectionOptions): Promise<ClientVerdict> {
  return new Promise((resolve) => {
    const socket = connectTls({ servername: 'inference.local', ...options })
    socket.once('secureConnect', () => resolve({ socket }))
    socket.once('error', (error) => resolve({ error }))
    socket.once('close', () => resolve({ error: Object.assign(new Error('closed'), { code: 'CLOSED' }) }))
  })
}

/** Everything the server sends until it closes, and then whether it did so within the time. */
export function readUntilClosed(socket: Socket, withinMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => reject(new Error(`still open after ${withinMs} ms`)), withinMs)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks))
    })
  })
}
