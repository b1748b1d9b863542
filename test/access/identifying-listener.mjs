// Listens, and says on standard output, one JSON text a line: its port, then for every connection that has sent something
// which programs are behind it. A line on standard input: say it again of the last one.
//
//   node identifying-listener.mjs DIST_OF_THE_CORE HOST loop|off-loop
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [dist, host, mode] = process.argv.slice(2)
const load = (name) => import(pathToFileURL(`${dist}/access/${name}.js`).href)
const { identifyCallingPrograms } = await load('identify-calling-programs')
const { identifyOffLoop } = await load('identify-off-loop')
const identify = mode === 'off-loop' ? identifyOffLoop().identify : identifyCallingPrograms

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
let last
const answer = async () => say((await identify(last)) ?? null)

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  socket.on('error', () => {})
  socket.once('data', () => {
    last = { remoteAddress, remotePort, localAddress, localPort }
    void answer()
  })
})
server.listen(0, host, () => say(server.address().port))
createInterface({ input: process.stdin }).on('line', () => void answer())
