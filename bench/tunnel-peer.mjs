// Both ends of the tunnels that bench/tunnel.mjs measures, each a process of its own: `node tunnel-peer.mjs PORT` is told
// by its parent what to do. Large writes, and reads into one buffer that is used again: what is measured has to be the
// relay between the two.
import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'

const MIB = 1024 * 1024
const PIECE = Buffer.alloc(MIB, 'nemoclaw')
const SINK = Buffer.allocUnsafeSlow(MIB)
const ENTRY_BYTES = 9
const PATIENCE_MS = 30_000

/** The destination: a letter says what is wanted and eight bytes how much of it; every answer but 'd' is one byte. */
export function serveDestination(port) {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (accepted) => {
    let wanted
    let left = 0
    const take = (length, bytes) => {
      let rest = length
      if (wanted === undefined) {
        wanted = String.fromCharCode(bytes[0])
        left = Number(bytes.readBigUInt64BE(1))
        rest -= ENTRY_BYTES
        if (wanted === 'd') void sendAll(socket, left)
        if (wanted === 'p') socket.write('k')
      }
      if (wanted === 'u') {
        left -= rest
        if (left === 0) socket.write('k')
      }
      return true
    }
    // Node reads accepted connections into new memory each time; this one is read as the client's are.
    const { _handle: handle } = accepted
    accepted._handle = null
    const socket = new Socket({ handle, allowHalfOpen: true, onread: { buffer: SINK, callback: take } })
    socket.on('error', () => {}).on('end', () => socket.end())
    socket.once('close', () => accepted.destroy()).resume()
  })
  return new Promise((resolve) => server.listen({ port, host: '0.0.0.0', backlog: 4096 }, resolve))
}

async function sendAll(socket, bytes) {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (!socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE)) await once(socket, 'drain')
  }
}

const held = []

const TASKS = {
  /** @returns Milliseconds; the connection is still open. */
  async download({ relay, bytes }) {
    let left = bytes
    const { socket, arrived } = await open(relay, 'd', bytes, (length) => {
      left -= length
      return left === 0
    })
    const begin = performance.now()
    await arrived
    held.push(socket)
    return performance.now() - begin
  },
  async upload({ relay, bytes }) {
    const { socket, arrived } = await open(relay, 'u', bytes, () => true)
    const begin = performance.now()
    await sendAll(socket, bytes)
    await arrived
    held.push(socket)
    return performance.now() - begin
  },
  /** Opens tunnels, each used for one byte either way, and holds them. */
  async hold({ relay, count, atOnce }) {
    await together(count, atOnce, async () => {
      const { socket, arrived } = await open(relay, 'p', 0, () => true)
      await arrived
      held.push(socket)
    })
  },
  /** The same, and closes each in good order. */
  async openAndClose({ relay, count, atOnce }) {
    await together(count, atOnce, async () => {
      const { socket, arrived } = await open(relay, 'p', 0, () => true)
      await arrived
      socket.end()
      await once(socket, 'close')
    })
  },
  async release() {
    for (const socket of held.splice(0)) {
      socket.end()
      if (!socket.closed) await once(socket, 'close')
    }
  },
}

async function together(count, atOnce, work) {
  let started = 0
  const worker = async () => {
    while (started++ < count) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** @param take - Is told how much has come; `arrived` is when it says that this was all. */
async function open({ port, head }, letter, bytes, take) {
  let isOpen = head === undefined
  let answer = ''
  let onOpen = () => {}
  let onAll = () => {}
  const arrived = new Promise((resolve, reject) => {
    onAll = resolve
    AbortSignal.timeout(PATIENCE_MS).addEventListener('abort', () => reject(new Error('it did not arrive in time')))
  })
  arrived.catch(() => {})
  const callback = (length, buffer) => {
    if (isOpen) {
      if (take(length)) onAll()
      return true
    }
    answer += buffer.latin1Slice(0, length)
    if (answer.endsWith('\r\n\r\n')) {
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer)
      isOpen = true
      onOpen()
    }
    return true
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: SINK, callback } })
  await once(socket, 'connect')
  if (head !== undefined) {
    socket.write(head)
    await new Promise((resolve) => {
      onOpen = resolve
    })
  }
  const entry = Buffer.alloc(ENTRY_BYTES, letter)
  entry.writeBigUInt64BE(BigInt(bytes), 1)
  socket.write(entry)
  return { socket, arrived }
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  const port = Number(process.argv[2])
  if (port > 0) await serveDestination(port)
  process.on('message', async ({ task, ...options }) => process.send({ result: await TASKS[task](options) }))
  process.on('disconnect', () => process.exit())
  process.send({ result: 'ready' })
}
