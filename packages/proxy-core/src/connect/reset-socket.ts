import type { Socket } from 'node:net'

/** Closes a connection at once, so that its other side hears of a reset and takes nothing that was cut off for whole. */
export function resetSocket(socket: Socket): void {
  // TLS cannot be reset, and ending without close_notify says as much.
  const isPlain = !('encrypted' in socket)
  // All is written and the FIN on its way: libuv refuses a reset then, and the descriptor would stay open for good.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished
  if (isPlain && !isEnding) {
    socket.resetAndDestroy()
  } else {
    socket.destroy()
  }
}
