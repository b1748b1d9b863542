// Many connections at once, inside the bed. Prints one line of JSON with what came of them, and holds them until standard
// input ends.
//
//   node load.mjs sink PORT [BACKLOG]               takes connections to any address and holds them
//   node load.mjs connects PROXY-PORT TARGET COUNT  opens tunnels and holds those that are opened
//   node load.mjs resets PROXY-PORT TARGET COUNT    resets each right behind its CONNECT
//   node load.mjs trickle PROXY-PORT TARGET COUNT   sends heads of which each second brings one byte
//   node load.mjs holds PROXY-PORT - COUNT          connects and says nothing
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const [mode, port, target, count] = process.argv.slice(2)
const AT_ONCE = 100
const statuses = {}
const held = []

async function open() {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  socket.on('error', () => {})
  await heard(socket, 'connect')
  return socket
}

/** @returns What comes with the event; nothing where the connection closes before, for whatever reason. */
function heard(socket, event) {
  return new Promise((resolve) => socket.once(event, resolve).once('close', () => resolve(undefined)))
}

// Of the many, none has its user looked up in the kernel's table of all connections.
const authorization = 'Proxy-Authorization: Bearer laptop-token-0123456789'
const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n\r\n`
const modes = {
  async connects() {
    const socket = await open()
    socket.write(head)
    const answer = socket.destroyed ? undefined : await heard(socket, 'data')
    const status = answer ? answer.toString('latin1', 9, 12) : 'none'
    statuses[status] = (statuses[status] ?? 0) + 1
    if (status === '200') held.push(socket)
    else socket.destroy()
  },
  async resets() {
    const socket = await open()
    socket.write(head)
    // Some before the proxy has read it, some while it dials.
    if (held.length === 0 && Math.random() < 0.5) await new Promise((resolve) => setTimeout(resolve, 2))
    socket.resetAndDestroy()
    statuses.reset = (statuses.reset ?? 0) + 1
  },
  async trickle() {
    const socket = await open()
    let at = 0
    const timer = setInterval(() => socket.write(head[at++ % (head.length - 2)]), 1_000)
    socket.on('data', () => {})
    socket.on('close', () => {
      clearInterval(timer)
      statuses.closed = (statuses.closed ?? 0) + 1
    })
    held.push(socket)
  },
  async holds() {
    held.push(await open())
  },
}

if (mode === 'sink') {
  const server = createServer({ allowHalfOpen: false }, (socket) => socket.on('error', () => {}).resume())
  await new Promise((resolve) =>
    server.listen({ port: Number(port), host: '::', backlog: Number(target ?? 4096) }, resolve),
  )
} else {
  let started = 0
  const work = async () => {
    while (started++ < Number(count)) await modes[mode]()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
process.stdout.write(`${JSON.stringify(statuses)}\n`)
await once(process.stdin.resume(), 'end')
process.stdout.write(`${JSON.stringify(statuses)}\n`)
process.exit()
