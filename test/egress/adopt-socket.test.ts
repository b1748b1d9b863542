import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { adoptSocket } from '../../packages/proxy-core/src/connect/adopt-socket.js'
import { resetSocket } from '../../packages/proxy-core/src/connect/reset-socket.js'

/** A client, and what it was accepted as: not read by anybody, as a connection behind its CONNECT is. */
async function accept() {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [accepted] = (await once(server, 'connection')) as [Socket]
  client.on('error', () => {})
  return {
    client,
    accepted,
    server,
    async [Symbol.asyncDispose]() {
      client.destroy()
      accepted.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function adopt(accepted: Socket) {
  const read: string[] = []
  const onread = {
    buffer: Buffer.alloc(16),
    callback: (length: number, bytes: Uint8Array) => read.push(Buffer.from(bytes).toString('latin1', 0, length)) > 0,
  }
  return { read, adopted: adoptSocket(accepted, onread) }
}

const countOf = (server: Server) =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))))

test('what was read before comes first, the rest into the memory that is given, each byte once', async () => {
  await using bed = await accept()
  bed.accepted.read(0)
  bed.client.write('early')
  await expect.poll(() => bed.accepted.readableLength).toBe(5)
  bed.accepted.unshift('un')
  const { read, adopted } = adopt(bed.accepted)

  bed.client.write('later')
  await delay(50)
  expect([adopted?.early?.toString(), read]).toEqual(['unearly', []])
  adopted?.socket.resume()
  await expect.poll(() => read.join('')).toBe('later')
})

test('the first socket knows both addresses still, and is not counted any more once the new one has closed', async () => {
  await using bed = await accept()
  const { remotePort, localPort, localAddress } = bed.accepted
  const { adopted } = adopt(bed.accepted)
  expect(bed.accepted).toMatchObject({ remotePort, localPort, localAddress, remoteAddress: '127.0.0.1' })
  expect(remotePort).toBeGreaterThan(0)
  expect(await countOf(bed.server)).toBe(1)

  const closed = once(bed.accepted, 'close')
  adopted?.socket.destroy()
  await closed

  expect(await countOf(bed.server)).toBe(0)
})

for (const way of ['destroy', 'destroySoon'] as const) {
  test(`${way} of the first socket closes the connection`, async () => {
    await using bed = await accept()
    const { adopted } = adopt(bed.accepted)
    const ended = once(bed.client.resume(), 'end')
    const closed = [bed.accepted, adopted!.socket].map((socket) => once(socket, 'close'))

    bed.accepted[way]()

    await Promise.all([ended, ...closed])
  })
}

test('half of it closes at a time, both ways', async () => {
  await using bed = await accept()
  const { read, adopted } = adopt(bed.accepted)
  const ended = once(adopted!.socket.resume(), 'end')
  bed.client.end('request')
  await ended
  adopted!.socket.end('answer')
  const [answer] = (await bed.client.toArray()) as Buffer[]

  expect([read, String(answer)]).toEqual([['request'], 'answer'])
})

test('is left as it is where the handle is not as expected, the end was read, or bytes wait to be written', async () => {
  await using bed = await accept()
  const handle: unknown = Reflect.get(bed.accepted, '_handle')
  Reflect.set(bed.accepted, '_handle', { constructor: { name: 'TCP' } })
  expect(adopt(bed.accepted).adopted).toBeUndefined()
  Reflect.set(bed.accepted, '_handle', handle)

  await using full = await accept()
  full.client.pause()
  while (full.accepted.writableLength === 0) full.accepted.write(Buffer.alloc(1024 * 1024))
  expect(adopt(full.accepted).adopted).toBeUndefined()

  bed.accepted.read(0)
  bed.client.end('bye')
  await delay(50)
  expect(adopt(bed.accepted).adopted).toBeUndefined()
  expect(bed.accepted.read()?.toString()).toBe('bye')
})

test('a reset reaches a client that reads nothing, though megabytes wait to be written to it', async () => {
  await using bed = await accept()
  bed.client.pause()
  while (bed.accepted.writableLength === 0) bed.accepted.write(Buffer.alloc(1024 * 1024))
  const signal = AbortSignal.timeout(3_000)
  const closed = Promise.all([once(bed.client, 'error', { signal }), once(bed.accepted, 'close', { signal })])

  resetSocket(bed.accepted)

  const [[error]] = await closed
  expect((error as NodeJS.ErrnoException).code).toBe('ECONNRESET')
})

test('one that is just ending is closed all the same: libuv would keep its descriptor', async () => {
  await using bed = await accept()
  bed.accepted.end()
  await Promise.resolve()
  const signal = AbortSignal.timeout(3_000)
  const ended = once(bed.client.resume(), 'end', { signal })

  resetSocket(bed.accepted)

  await Promise.all([ended, once(bed.accepted, 'close', { signal })])
})
