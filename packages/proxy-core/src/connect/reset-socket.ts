import type { Socket } from 'node:net'

/**
 * Closes a connection at once, so that its other side hears of a reset and takes nothing that was cut off for whole.
 *
 * Not `resetAndDestroy`, which is that in name only: it waits until all is written, perhaps to somebody who reads no more,
 * then says that this is the end (FIN), and resets last. Whoever reads in between hears of an end.
 */
export function resetSocket(socket: Socket): void {
  // TLS cannot be reset, and ending without close_notify says as much.
  const canReset = !('encrypted' in socket)
  // All is written and the FIN on its way: libuv refuses a reset then, and the descriptor would stay open for good.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished
  if (canReset && !isEnding) {
    // What `resetAndDestroy` sets for `destroy`; a Node that does not know it closes as always.
    Reflect.set(socket, 'resetAndClosing', true)
  }
  socket.destroy()
}
