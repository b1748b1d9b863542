import type { Socket } from 'node:net'

/**
 * Ends one side of a tunnel because the other one has ended, if it has.
 *
 * libuv tells of a reset as of an end where the last bytes came together with it, and reads no more. Writing finds out:
 * even nothing cannot be written to a connection that was reset.
 */
export function passEnd(ended: Socket, other: Socket): void {
  if (ended.writableLength === 0 && ended.writable && !('encrypted' in ended)) {
    // Where it fails, the error is told to who relays, who resets the other side.
    ended.write('', (error) => error || other.end())
  } else {
    // What waits to be written fails in this turn of the loop.
    setImmediate(() => ended.errored || other.end())
  }
}
