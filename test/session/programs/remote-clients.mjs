// `node remote-clients.mjs TOKEN PROGRAM ARGUMENT...` in a network namespace of its own: starts the proxy, asks it from an
// address that is not loopback, without and with the token, and prints both status lines as JSON.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const [token, program, ...argv] = process.argv.slice(2)
execFileSync('ip', ['link', 'set', 'lo', 'up'])
execFileSync('ip', ['address', 'add', '198.51.100.7/24', 'dev', 'lo'])

const proxy = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
// Whatever ends this program ends the proxy.
process.on('exit', () => proxy.kill('SIGKILL'))
process.on('SIGTERM', () => process.exit(1))
let port
for await (const line of createInterface({ input: proxy.stdout })) {
  const { action, url } = JSON.parse(line)
  if (action === 'listening') {
    port = Number(new URL(url).port)
    break
  }
}

async function statusLine(field) {
  const socket = connect({ host: '198.51.100.7', port })
  socket.write(`CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n${field}\r\n`)
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return answer.toString('latin1').slice(0, 'HTTP/1.1 200'.length)
}

const seen = { without: await statusLine(''), with: await statusLine(`Proxy-Authorization: Bearer ${token}\r\n`) }
proxy.kill('SIGKILL')
await once(proxy, 'exit')
process.stdout.write(JSON.stringify(seen))
