// `node bed.mjs FOLDER PORT...` in a network and a mount namespace of its own: makes every address local, puts the hosts
// and resolv.conf of FOLDER in the place of the system's, and carries bytes between here and the test outside, which
// decides everything. A socket in the file system is reachable from both sides.
//
//   FOLDER/dial.sock        the test connects, writes a line of JSON {host, port}, and is connected with it; with
//                           {endsWhole: true} its end closes the connection, else only one side of it
//   FOLDER/everywhere.sock  connected for each connection to one of the ports, with a line {address, port} ahead
//   standard output         {"ready": true}, then {"query": ID, "transport", "message": BASE64} for each DNS query
//   standard input          {"query": ID, "message": BASE64} for each that is answered; its end ends this program
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, realpathSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const [folder, ...ports] = process.argv.slice(2)
const NAME_SERVER = { host: '127.0.0.53', port: 53 }
const HALF_OPEN = { allowHalfOpen: true }

execFileSync('ip', ['link', 'set', 'lo', 'up'])
execFileSync('ip', ['route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo'])
// An address of an interface, for who asks what these are.
execFileSync('ip', ['address', 'add', '93.184.216.99/32', 'dev', 'lo'])
execFileSync('ip', ['-6', 'route', 'add', 'local', '::/0', 'dev', 'lo'])
for (const name of ['hosts', 'resolv.conf', 'nsswitch.conf']) {
  const place = `/etc/${name}`
  if (existsSync(place)) execFileSync('mount', ['--bind', join(folder, name), realpathSync(place)])
}

/** Carries bytes both ways, ends of either side too; what breaks one breaks the other. */
function carry(a, b) {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ]) {
    from.on('error', () => to.destroy())
    from.on('close', () => from.readableEnded || to.destroy())
    from.pipe(to)
  }
}

const listening = []
function listen(server, ...where) {
  listening.push(new Promise((resolve) => server.listen(...where, resolve)))
}

/** The first line is read byte by byte: what follows it belongs to the other side. */
function takeLine(socket, callback) {
  let line = ''
  const read = () => {
    for (let byte = socket.read(1); byte !== null; byte = socket.read(1)) {
      if (byte[0] === 10) {
        socket.off('readable', read)
        callback(JSON.parse(line))
        return
      }
      line += byte
    }
  }
  socket.on('readable', read)
}

const dialer = createServer(HALF_OPEN, (outside) => {
  outside.on('error', () => outside.destroy())
  takeLine(outside, ({ endsWhole, ...where }) => {
    const inside = connect({ ...where, ...HALF_OPEN })
    carry(outside, inside)
    if (endsWhole) outside.on('end', () => inside.destroy())
  })
})
listen(dialer, join(folder, 'dial.sock'))

for (const port of ports) {
  const everywhere = createServer({ ...HALF_OPEN, pauseOnConnect: true }, (inside) => {
    const address = inside.localAddress?.replace(/^::ffff:/, '')
    const outside = connect({ path: join(folder, 'everywhere.sock'), ...HALF_OPEN })
    outside.write(`${JSON.stringify({ address, port: Number(port) })}\n`)
    carry(outside, inside)
  })
  listen(everywhere, { host: '::', port: Number(port), backlog: 4096 })
}

const answers = new Map()
let queries = 0
function ask(transport, message, answer) {
  answers.set(++queries, answer)
  process.stdout.write(`${JSON.stringify({ query: queries, transport, message: message.toString('base64') })}\n`)
}

const datagrams = createSocket('udp4', (message, { address, port }) => {
  ask('udp', message, (answer) => datagrams.send(answer, port, address))
})
listening.push(new Promise((resolve) => datagrams.bind(NAME_SERVER.port, NAME_SERVER.host, resolve)))

const streams = createServer((socket) => {
  let received = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      ask('tcp', received.subarray(2, end), (answer) => {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(answer.length)
        socket.write(Buffer.concat([length, answer]))
      })
      received = received.subarray(end)
    }
  })
})
listen(streams, NAME_SERVER)

await Promise.all(listening)
process.stdout.write(`${JSON.stringify({ ready: true })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const { query, message } = JSON.parse(line)
  answers.get(query)(Buffer.from(message, 'base64'))
  answers.delete(query)
}
process.exit()
