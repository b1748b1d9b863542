import { once } from 'node:events'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { jsonRequest, startTestProxy, type TestProxy } from './start-test-proxy.js'

const CLIENTS = 100
const CONNECT = 'CONNECT evil.com:443 HTTP/1.1\r\nHost: evil.com:443\r\n\r\n'

/** Counts how often this process reads the kernel's table of connections. */
function countReadings() {
  const fs = createRequire(import.meta.url)('node:fs') as { readFileSync: typeof import('node:fs').readFileSync }
  const { readFileSync } = fs
  const counted = { readings: 0 }
  const put = (read: typeof readFileSync) => {
    fs.readFileSync = read
    syncBuiltinESMExports()
  }
  put(((...args: Parameters<typeof readFileSync>) => {
    if (args[0] === '/proc/net/tcp') counted.readings++
    return readFileSync(...args)
  }) as typeof readFileSync)
  return Object.assign(counted, { [Symbol.dispose]: () => put(readFileSync) })
}

/** An upstream that takes requests and never answers. */
async function startSilentUpstream() {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}).resume())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/v1`,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** A client that asks for a model, and ends its side before it has an answer. */
async function askAndEnd(proxy: TestProxy): Promise<Socket> {
  const socket = await proxy.openInference()
  socket.on('error', () => {}).resume()
  socket.end(jsonRequest('/v1/chat/completions', { model: 'm', messages: [] }))
  return socket
}

test(`${CLIENTS} clients without a token that ask at once are looked up in a few readings`, async () => {
  using upstream = await startSilentUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  using table = countReadings()

  const sockets = Array.from({ length: CLIENTS }, () => connect(proxy.port, '127.0.0.1'))
  const answers = sockets.map(async (socket) => {
    socket.write(CONNECT)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return answer.toString('latin1', 9, 12)
  })

  expect(await Promise.all(answers)).toEqual(Array.from({ length: CLIENTS }, () => '403'))
  expect(table.readings).toBeGreaterThan(0)
  expect(table.readings).toBeLessThan(CLIENTS / 2)
})

test(`${CLIENTS} clients that have ended their side and wait are watched in a few readings`, async () => {
  using upstream = await startSilentUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => askAndEnd(proxy)))
  await expect.poll(() => proxy.proxy.exchangeCount).toBe(CLIENTS)
  await wait(500)
  using table = countReadings()

  await wait(1_000)

  expect(table.readings).toBeGreaterThan(0)
  expect(table.readings).toBeLessThan(6)
  expect(proxy.proxy.exchangeCount).toBe(CLIENTS)
  for (const client of clients) client.destroy()
})
