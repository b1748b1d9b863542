import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { describe, expect, test } from 'vitest'
import { clientHello } from './client-hello.js'
import { type ConnectServer, startConnectServer } from './connect-server.js'
import { handshake, openTunnel } from './open-tunnel.js'

const authority = await issueAuthority({ now: new Date() })
const certificates = await ServerCertificates.issuedBy(authority)
const ca = authority.rootCertificatePem

const CONNECT = 'CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n'
const halfClientHello = (await clientHello()).subarray(0, 100)
const CLIENTS = 2000
const AT_ONCE = 40

/** Ways to leave. Each ends its own side; the server must end the other long before the handshake's time is up. */
const LEAVING: Readonly<Record<string, (port: number) => Promise<void>>> = {
  'a reset right behind CONNECT': async (port) => {
    const socket = await sendConnect(port)
    socket.resetAndDestroy()
  },
  'a reset right behind CONNECT and ClientHello': async (port) => {
    const hello = await clientHello()
    const socket = await sendConnect(port)
    socket.write(hello)
    socket.resetAndDestroy()
  },
  'an orderly end right behind CONNECT': async (port) => {
    const socket = await sendConnect(port)
    socket.end()
    await closed(socket)
  },
  'an orderly end in the packet of CONNECT and half a ClientHello': async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.end(Buffer.concat([Buffer.from(CONNECT), halfClientHello]))
    await closed(socket)
  },
  'a reset after the answer to CONNECT': async (port) => {
    ;(await openTunnel(port)).resetAndDestroy()
  },
  'an orderly end after half a ClientHello': async (port) => {
    const socket = await openTunnel(port)
    socket.end(halfClientHello)
    await closed(socket)
  },
  'an orderly end after the whole ClientHello': async (port) => {
    const socket = await openTunnel(port)
    socket.end(await clientHello())
    await closed(socket)
  },
  'a reset in the middle of the handshake': async (port) => {
    const socket = await openTunnel(port)
    socket.once('data', () => socket.resetAndDestroy())
    socket.write(await clientHello())
    await closed(socket)
  },
  'a certificate it does not trust': async (port) => {
    // Verified against Node's own roots, where ours is not.
    expect(await handshake({ socket: await openTunnel(port) })).toHaveProperty('error')
  },
  'another server name': async (port) => {
    expect(await handshake({ socket: await openTunnel(port), ca, servername: 'github.com' })).toHaveProperty('error')
  },
}

test.each(Object.entries(LEAVING))(
  '%s: the connection ends at once, in every one of 200 clients',
  async (_what, leave) => {
    await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 60_000, behindTls: 'nothing' })
    const before = openDescriptors()

    await inBatches(200, () => leave(server.port))

    await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before)
    expect(await isServing(server)).toBe(true)
  },
)

test(`${CLIENTS} clients that leave in every way at once leave no descriptor open and everybody else served`, async () => {
  await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 60_000 })
  const ways = Object.values(LEAVING)
  const before = openDescriptors()

  await inBatches(CLIENTS, (index) => ways[index % ways.length]!(server.port))

  await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before)
  expect(server.sockets.filter((socket) => !socket.destroyed)).toEqual([])
  expect(await isServing(server)).toBe(true)
})

describe.each(['http', 'nothing'] as const)(
  'a client that has gone before the handshake begins, %s behind it',
  (behindTls) => {
    test.each([
      {
        what: 'with a reset',
        leave: (socket: Socket) => socket.resetAndDestroy(),
        gone: (client: Socket) => client.destroyed,
      },
      {
        what: 'with an orderly end',
        leave: (socket: Socket) => socket.end(),
        gone: (client: Socket) => client.readableEnded,
      },
      {
        what: 'with an orderly end behind bytes that nobody has read yet',
        leave: (socket: Socket) => socket.end(halfClientHello),
        gone: (client: Socket) => client.readableLength > 0,
      },
    ])('is let go that left $what', async ({ leave, gone }) => {
      await using server = await startConnectServer(certificates, {
        handshakeTimeoutMs: 60_000,
        behindTls,
        beforeTls: async (client) => {
          client.on('readable', () => {}) // reads ahead into the buffer, and takes nothing out
          await expect.poll(() => gone(client)).toBe(true)
          await delay(20)
          client.removeAllListeners('readable')
        },
      })

      leave(await openTunnel(server.port))
      await server.ended(1)

      await expect.poll(() => server.sockets.map((socket) => socket.destroyed)).toEqual([true])
    })
  },
)

test('a socket that the proxy itself destroys, as when it stops, ends the handshake', async () => {
  await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 60_000, behindTls: 'nothing' })
  await openTunnel(server.port)
  await expect.poll(() => server.sockets).toHaveLength(1)

  server.sockets[0]!.destroy()
  await server.ended(1)

  expect(server.outcomes).toEqual([{ kind: 'failed', reason: 'connection_closed' }])
})

async function inBatches(count: number, visit: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => visit(start + index)))
  }
}

async function isServing(server: ConnectServer): Promise<boolean> {
  const verdict = await handshake({ socket: await openTunnel(server.port), ca })
  if (!('socket' in verdict)) return false
  verdict.socket.destroy()
  return true
}

async function sendConnect(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.write(CONNECT)
  return socket
}

function closed(socket: Socket): Promise<void> {
  socket.resume()
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Linux and macOS; this end's and the server's, which both live in this process. */
function openDescriptors(): number {
  return readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length
}
