import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { expectServed } from '../bad-input/expect-refused.js'
import { startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { clientHello } from '../tls/client-hello.js'
import { openTunnel } from '../tls/open-tunnel.js'
import { startTestProxy } from './start-test-proxy.js'

const CLIENTS = 2_000
const AT_ONCE = 40
const CONNECT = 'CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n'

test(`${CLIENTS} clients that send CONNECT and leave before the handshake leave no descriptor open`, async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url }, { limits: { handshakeTimeoutMs: 60_000 } })
  await expectServed(proxy, upstream)
  const hello = await clientHello()
  const before = openDescriptors()

  const ways: readonly (() => Promise<void>)[] = [
    async () => {
      const socket = connect(proxy.port, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(CONNECT)
      socket.resetAndDestroy()
    },
    async () => {
      const socket = connect(proxy.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.end(CONNECT)
      socket.resume()
      await new Promise((resolve) => socket.once('close', resolve))
    },
    async () => void (await openTunnel(proxy.port)).resetAndDestroy(),
    async () => void (await openTunnel(proxy.port)).destroy(),
    async () => {
      const socket = await openTunnel(proxy.port)
      socket.write(hello.subarray(0, 100))
      socket.destroy()
    },
    async () => {
      const socket = await openTunnel(proxy.port)
      socket.write(hello)
      socket.resetAndDestroy()
    },
  ]
  for (let start = 0; start < CLIENTS; start += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ways[(start + index) % ways.length]!()))
  }

  await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before)
  await expectServed(proxy, upstream)
}, 120_000)

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
