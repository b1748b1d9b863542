import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

/** A connection read by another socket than the one that it was accepted as. */
export interface AdoptedSocket {
  readonly socket: Socket
  /** What the first one had read already; comes ahead of everything that is read from now on. */
  readonly early: Buffer | undefined
}

const ADDRESSES = ['localAddress', 'localPort', 'localFamily', 'remoteAddress', 'remotePort', 'remoteFamily'] as const

/**
 * Reads an accepted connection into memory of our own from now on. Node offers that for connections it opens only
 * (`onread` of `net.connect`); an accepted one it reads into 64 KiB of new memory each time, which costs two thirds of
 * the throughput. So its handle, which is no documented property, is given to a socket that is made with `onread`.
 *
 * The first socket stays what servers and lists count: it closes when the new one does, closing it closes the new one,
 * and it still knows both addresses. Nothing is to be read from it or written to it any more. The new one is paused.
 *
 * @param socket - Not read by anybody at the moment.
 * @returns `undefined` where that cannot be done without loss, or Node is not built as it was: it is to be read by 'data'
 *   events then, and has not been changed.
 */
export function adoptSocket(socket: Socket, onread: OnReadOpts): AdoptedSocket | undefined {
  const handle = handleOf(socket)
  // What is still being written, and an end that was read, belong to the first socket.
  if (handle === undefined || socket.destroyed || socket.writableLength > 0 || hasEnded(socket)) {
    return undefined
  }
  const early = socket.read() as Buffer | null
  Reflect.set(socket, '_handle', null)
  const options = { handle, onread, allowHalfOpen: true, pauseOnCreate: true }
  const adopted = new Socket(options as SocketConstructorOpts)
  if (Reflect.get(adopted, '_handle') !== handle) {
    Reflect.set(socket, '_handle', handle)
    if (early) socket.unshift(early)
    return undefined
  }
  // Values, not getters: six functions for each of thousands of sockets are no small thing.
  for (const name of ADDRESSES) Object.defineProperty(socket, name, { value: adopted[name] })
  // Without its handle it would wait for a connection before it ends.
  socket.destroySoon = () => adopted.destroySoon()
  socket.once('close', () => adopted.destroy())
  adopted.once('close', () => socket.destroy())
  return { socket: adopted, early: early ?? undefined }
}

/** @returns A TCP handle that has what is needed of it. */
function handleOf(socket: Socket): object | undefined {
  if (Object.getPrototypeOf(socket) !== Socket.prototype) {
    return undefined
  }
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null || handle.constructor.name !== 'TCP') {
    return undefined
  }
  const isAsExpected = ['useUserBuffer', 'readStart', 'readStop', 'getAsyncId'].every(
    (name) => typeof Reflect.get(handle, name) === 'function',
  )
  return isAsExpected ? handle : undefined
}

/** Whether the other side's end was read, though perhaps nobody has been told yet; taken for granted where unknown. */
function hasEnded(socket: Socket): boolean {
  const state: unknown = Reflect.get(socket, '_readableState')
  return typeof state !== 'object' || state === null || Reflect.get(state, 'ended') !== false
}
