import { expect } from 'vitest'
import type { EgressBed } from './egress-bed.js'
import { type EgressProxy, startUncheckedProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const HOST = 'api.example.com'
const TARGET = `${HOST}:443`
const CONNECT = `CONNECT ${TARGET} HTTP/1.1\r\nHost: ${TARGET}\r\nProxy-Authorization: Bearer laptop-token-0123456789\r\n\r\n`

const POLICIES = [
  {
    name: 'api',
    binaries: [],
    endpoints: [{ host: HOST, ports: [443], allowedIps: [], resolve: [], rules: [] }],
  },
]

/** A program that opens a tunnel, and is the only one that holds it. */
function runClient(bed: EgressBed, proxy: EgressProxy, then: string, localAddress = '127.0.0.1') {
  const script = `
    const socket = require('node:net').connect({ port: ${proxy.port}, host: '127.0.0.1', localAddress: '${localAddress}', allowHalfOpen: true })
    socket.on('error', (error) => console.log(error.code))
    socket.write(${JSON.stringify(CONNECT)})
    socket.once('data', (answer) => {
      if (!String(answer).startsWith('HTTP/1.1 200')) throw new Error(String(answer))
      ${then}
    })`
  return bed.run([process.execPath, '-e', script])
}

const outcomes = (proxy: EgressProxy) =>
  proxy.lines.filter(({ kind }) => kind === 'tunnel').map((line) => line['outcome'])

test('the tunnel of a client that has ended and left is closed, though the destination never ends', async (bed) => {
  bed.names.set(HOST, ['93.184.216.34'])
  await using proxy = await startUncheckedProxy(bed, POLICIES)

  await Promise.all(Array.from({ length: 10 }, () => runClient(bed, proxy, 'socket.end(() => process.exit())')))

  await expect
    .poll(() => outcomes(proxy), { timeout: 5_000 })
    .toEqual(Array.from({ length: 10 }, () => 'client_aborted'))
  expect(bed.arrivals.all).toHaveLength(10)
})

test('what a client sent before it ended and left arrives whole, though the destination reads slowly', async (bed) => {
  bed.names.set(HOST, ['93.184.216.34'])
  bed.arrivals.greet = ({ socket }) => {
    socket.pause()
    setTimeout(() => socket.resume(), 3_000)
  }
  await using proxy = await startUncheckedProxy(bed, POLICIES)

  // Lets go of it once the kernel has taken all.
  await runClient(bed, proxy, "socket.end('x'.repeat(4 << 20), () => process.exit())")

  const arrival = await bed.arrivals.find(() => true)
  await expect.poll(() => arrival.bytes.length, { timeout: 10_000 }).toBe(4 << 20)
  await expect.poll(() => arrival.hasEnded).toBe(true)
  await expect.poll(() => outcomes(proxy), { timeout: 5_000 }).toEqual(['client_aborted'])
}, 40_000)

test('a client that has ended and is there is served, for as long as it takes', async (bed) => {
  bed.names.set(HOST, ['93.184.216.34'])
  bed.arrivals.greet = ({ socket }) => socket.once('end', () => setTimeout(() => socket.end('at last'), 3_000))
  await using proxy = await startUncheckedProxy(bed, POLICIES, { tunnelHalfClosedTimeoutMs: 500 })

  const { stdout } = await runClient(bed, proxy, "socket.end('asked'); socket.pipe(process.stdout)")

  expect(stdout).toBe('at last')
  await expect.poll(() => outcomes(proxy)).toEqual(['complete'])
})

test('where nobody can tell whether a client that has ended is there, its tunnel is cut when nothing passes', async (bed) => {
  bed.names.set(HOST, ['93.184.216.34'])
  bed.arrivals.greet = ({ socket }) => {
    // While something comes, it is served.
    const sending = setInterval(() => socket.write('more '), 300)
    setTimeout(() => clearInterval(sending), 2_000)
  }
  await using proxy = await startUncheckedProxy(bed, POLICIES, { tunnelHalfClosedTimeoutMs: 1_000 })

  const { stdout } = await runClient(bed, proxy, "socket.end('asked'); socket.pipe(process.stdout)", '10.7.7.7')

  expect(stdout.match(/more /g)?.length).toBeGreaterThanOrEqual(5)
  expect(stdout).toContain('ECONNRESET')
  await expect.poll(() => outcomes(proxy)).toEqual(['idle'])
})
