// `node exchange-bytes.mjs PROXY-PORT HOST PORT COUNT SEED` inside the bed: opens COUNT tunnels at once, to a destination
// that is this program too, and sends bytes both ways at once in every of them: pieces of any size, slow readers, readers
// that stop for a while, sides that end before the other does, and sides that reset in the middle. Compares every byte that
// arrives with what was sent, and prints one line of JSON:
//   {"whole": N, "reset": N, "wrong": ["..."], "bytes": N}
import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const [proxyPort, host, port, count, seed] = process.argv.slice(2)
/** Prime, so that a piece that is lost, doubled or moved is not where it would look the same. */
const PATTERN_BYTES = 65_521
const ID_BYTES = 4
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 60_000)
const ENDINGS = ['together', 'together', 'client first', 'destination first', 'client resets', 'destination resets']
const found = { whole: 0, reset: 0, wrong: [], bytes: 0 }

/** What one tunnel does, as both of its ends can tell from its number. */
function planOf(id) {
  const random = randomOf(`plan ${id}`)
  const isLarge = id % 10 === 0
  const size = () => (isLarge ? 5_000_000 + random(5_000_000) : random(4) === 0 ? random(8) : random(600_000))
  const ending = ENDINGS[random(ENDINGS.length)]
  const side = () => {
    const bytes = size()
    return {
      bytes,
      maxPiece: [1 + random(20), 4_096, 70_000, 300_000][random(4)],
      pausesMs: random(3) === 0 ? random(4) : 0,
      // Long enough for every buffer on the way to be full.
      stopsMs: isLarge ? 300 : 0,
      random: randomOf(`pieces ${id} ${bytes}`),
    }
  }
  return { id, ending, up: side(), down: side(), headBytes: random(2) * random(5_000) }
}

function randomOf(name) {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE() | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) / 2 ** 32) * below)
  }
}

function patternOf(id, way) {
  const once = createHash('shake256', { outputLength: PATTERN_BYTES }).update(`${seed} ${way} ${id}`).digest()
  return Buffer.concat([once, once, once, once, once, once])
}

function slice(pattern, offset, length) {
  const start = offset % PATTERN_BYTES
  return pattern.subarray(start, start + length)
}

/** Not `once` of node:events, which rejects where there is an error: here resets are part of the plan. */
function either(socket, event, other) {
  return new Promise((resolve) => {
    const seen = () => {
      socket.off(event, seen).off(other, seen)
      resolve()
    }
    socket.on(event, seen).on(other, seen)
  })
}

/** Sends what is planned from an offset on. @returns false where the connection closed under way. */
async function send(socket, pattern, { bytes, maxPiece, random }, until, offset = 0) {
  for (let at = offset; at < until; ) {
    if (socket.destroyed) return false
    const length = Math.min(until - at, Math.max(1, random(maxPiece)), 300_000)
    // Memory of its own: what is sent must not change while it is on its way.
    const isTaken = socket.write(Buffer.from(slice(pattern, at, length)))
    at += length
    if (!isTaken && !socket.closed) await either(socket, 'drain', 'close')
    // Tiny pieces would take a system call each; some do.
    if (maxPiece < 100 && at > 2_000) maxPiece = 50_000
  }
  return bytes === until
}

/** Reads to the end and compares. @returns How it ended, and how much came. */
async function receive(socket, pattern, { bytes, pausesMs, stopsMs }, say) {
  let at = 0
  if (stopsMs > 0) await delay(stopsMs)
  socket.on('data', (chunk) => {
    for (let from = 0; from < chunk.length; ) {
      const length = Math.min(chunk.length - from, PATTERN_BYTES)
      if (!chunk.subarray(from, from + length).equals(slice(pattern, at, length))) say(`differs near byte ${at}`)
      at += length
      from += length
    }
    if (at > bytes) say(`${at} bytes came, though ${bytes} were sent`)
    if (pausesMs > 0) {
      socket.pause()
      setTimeout(() => socket.resume(), pausesMs)
    }
  })
  socket.resume()
  if (!socket.closed) await either(socket, 'end', 'close')
  // libuv tells of a reset as of an end where the last bytes came together with it; writing finds out.
  const isReset = socket.writable && (await new Promise((resolve) => socket.write('', resolve)))
  const ended = socket.readableEnded && !isReset && !socket.errored
  found.bytes += at
  return { ended, at }
}

/** One end of a tunnel; both ends do the same, each in its role. */
async function exchange(socket, plan, role, offset) {
  const [mine, theirs, way, otherWay] =
    role === 'client' ? [plan.up, plan.down, 'up', 'down'] : [plan.down, plan.up, 'down', 'up']
  const name = `${role} of ${plan.id} (${plan.ending})`
  pending.add(name)
  const say = (what) => found.wrong.push(`${name}: ${what}`)
  const resets = plan.ending === `${role} resets`
  const isReset = plan.ending.endsWith('resets')
  const endsSecond = plan.ending.endsWith('first') && plan.ending !== `${role} first`
  const received = receive(socket, patternOf(plan.id, otherWay), theirs, say)
  const until = resets ? Math.max(offset, Math.floor(mine.bytes / 2)) : mine.bytes
  // Who ends second says the rest only once the other has ended: half a connection has to do.
  const before = endsSecond ? Math.max(offset, Math.floor(mine.bytes / 2)) : until
  await send(socket, patternOf(plan.id, way), mine, before, offset)
  if (endsSecond) {
    const { ended } = await received
    if (!ended) say('broken before the other side had ended')
    await send(socket, patternOf(plan.id, way), mine, until, before)
  }
  if (resets) {
    socket.resetAndDestroy()
    pending.delete(name)
    return
  }
  if (isReset) {
    const { ended } = await received
    if (ended) say('was told of an end where there was a reset')
    socket.destroy()
    pending.delete(name)
    return
  }
  socket.end()
  const { ended, at } = await received
  if (!ended || at !== theirs.bytes) say(`${at} of ${theirs.bytes} bytes came, ended ${ended}`)
  if (!socket.closed) await either(socket, 'close', 'close')
  pending.delete(name)
}

const pending = new Set()
const finished = []
const errors = (socket) => socket.on('error', () => {})
const server = createServer({ allowHalfOpen: true }, (socket) => {
  errors(socket)
  let first = Buffer.alloc(0)
  const take = (bytes) => {
    first = Buffer.concat([first, bytes])
    if (first.length < ID_BYTES) return
    socket.off('data', take).pause()
    const plan = planOf(first.readUInt32BE())
    socket.unshift(first.subarray(ID_BYTES))
    finished.push(exchange(socket, plan, 'destination', 0))
  }
  socket.on('data', take)
})
await new Promise((resolve) => server.listen({ port: Number(port), host: '::', backlog: 4096 }, resolve))

async function tunnel(id) {
  const plan = planOf(id)
  const socket = connect({ port: Number(proxyPort), host: '127.0.0.1', allowHalfOpen: true })
  errors(socket)
  const number = Buffer.alloc(ID_BYTES)
  number.writeUInt32BE(id)
  // Some send bytes of the tunnel behind the request, without having its answer.
  const early = Math.min(plan.headBytes, plan.up.bytes)
  const head = `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\nProxy-Authorization: Bearer laptop-token-0123456789\r\n\r\n`
  socket.write(Buffer.concat([Buffer.from(head), number, slice(patternOf(id, 'up'), 0, early)]))
  let answer = ''
  while (!answer.endsWith('\r\n\r\n')) {
    const byte = socket.read(1)
    if (byte) answer += byte.toString('latin1')
    else if (socket.closed || socket.readableEnded) break
    else await either(socket, 'readable', 'close')
  }
  if (!answer.startsWith('HTTP/1.1 200')) {
    // A destination that resets at once can be ahead of the answer.
    if (plan.ending !== 'destination resets') found.wrong.push(`tunnel ${id}: ${JSON.stringify(answer)}`)
    return
  }
  await exchange(socket, plan, 'client', early)
  found[plan.ending.endsWith('resets') ? 'reset' : 'whole']++
}

const patience = setTimeout(() => {
  found.wrong.push(`not all of it came in time: ${[...pending].join(', ')}`)
  console.log(JSON.stringify(found))
  process.exit()
}, PATIENCE_MS)
await Promise.all(Array.from({ length: Number(count) }, (_, id) => tunnel(id)))
await Promise.all(finished)
clearTimeout(patience)
console.log(JSON.stringify(found))
process.exit()
