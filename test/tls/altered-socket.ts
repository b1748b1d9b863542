import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A socket whose outgoing bytes go another way than written: cut into pieces, or wrapped anew. */
export function alteredSocket(socket: Socket, alter: (chunk: Buffer) => Iterable<Buffer>): Duplex {
  const altered = new Duplex({
    read() {
      socket.resume()
    },
    async write(chunk: Buffer, _encoding, done) {
      for (const piece of alter(chunk)) {
        socket.write(piece)
        // A turn of the event loop each, or the kernel puts them together again.
        await new Promise((resolve) => setImmediate(resolve))
      }
      done()
    },
  })
  socket.on('data', (chunk) => altered.push(chunk) || socket.pause())
  socket.on('end', () => altered.push(null))
  socket.on('close', () => altered.destroy())
  return altered
}
