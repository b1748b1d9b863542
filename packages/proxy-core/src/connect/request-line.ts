import type { Socket } from 'node:net'
import { ProxyError } from '../proxy-error.js'

const MAX_LINE_BYTES = 64 * 1024
// RFC 9112 §3: method SP request-target SP HTTP-version.
const REQUEST_LINE = /^[^ \t]+ [^ \t]+ HTTP\/\d\.\d\r$/

/**
 * Looks at the first line of a new connection, which Node's parser reads more leniently than it tells: it skips any
 * number of spaces on either side of the target.
 *
 * @returns Throws `ERR_REQUEST_MALFORMED` (400) where that line has been seen and is not exactly three words.
 */
export function watchRequestLine(socket: Socket): () => void {
  let line = ''
  const look = (bytes: Buffer) => {
    line = `${line}${bytes.toString('latin1', 0, MAX_LINE_BYTES - line.length)}`.replace(/^[\r\n]+/, '')
    if (line.includes('\n') || line.length >= MAX_LINE_BYTES) {
      socket.off('data', look)
      line = line.split('\n', 1)[0]!
    }
  }
  // Ahead of the parser, which speaks of a request while it is given the bytes.
  socket.prependListener('data', look)
  return () => {
    if (line !== '' && !REQUEST_LINE.test(line)) {
      throw new ProxyError('ERR_REQUEST_MALFORMED', 'The request line must be three words with single spaces between.')
    }
    line = ''
  }
}
