import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type AccessContext, authenticateClient } from './authenticate-client.js'
import { LoopbackClients } from './loopback-clients.js'
import type { ClientSocket } from './tcp-tables.js'

const trusting = (find: () => ClientSocket | undefined): AccessContext => ({
  tokens: [],
  trustOwnUser: true,
  clients: new LoopbackClients(() => find),
})
const ownUser = trusting(() => ({ uid: process.getuid!(), inode: '4711' }))

/** A client's connection as a proxy has it behind a CONNECT: nobody reads from it. */
async function accepted(use: (socket: Socket, client: Socket) => Promise<void>) {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const client = connect({ port: typeof address === 'object' ? address!.port : 0, host: '127.0.0.1' })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  try {
    await use(socket, client)
  } finally {
    socket.destroy()
    client.destroy()
    server.close()
  }
}

test('the own user is admitted', () =>
  accepted(async (socket) => {
    expect(await authenticateClient([], socket, ownUser)).toBeUndefined()
  }))

test('another user is not, nor a client that nobody holds', () =>
  accepted(async (socket) => {
    for (const found of [{ uid: process.getuid!() + 1, inode: '4711' }, undefined]) {
      await expect(
        authenticateClient(
          [],
          socket,
          trusting(() => found),
        ),
      ).rejects.toMatchObject({ status: 407 })
    }
  }))

test('a client that has reset its connection is not, whoever has the same port by then', () =>
  accepted(async (socket, client) => {
    expect(socket.remoteAddress).toBe('127.0.0.1')
    client.resetAndDestroy()
    await wait(50)
    expect(socket.destroyed).toBe(false)

    await expect(authenticateClient([], socket, ownUser)).rejects.toMatchObject({ status: 407 })
  }))

test('where no descriptor is left to find out, that is what the client is told', () =>
  accepted(async (socket) => {
    const access = trusting(() => {
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    })

    await expect(authenticateClient([], socket, access)).rejects.toMatchObject({ code: 'ERR_TOO_MANY_TUNNELS' })
  }))
