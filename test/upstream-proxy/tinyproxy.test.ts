import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { connectThroughProxy, UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'
import { expect } from 'vitest'
import { startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { PROVIDER_ROOT } from '../bad-input/upstream-certificates.js'
import { cliHome } from '../cli/run-cli.js'
import { MOUNT_NAMESPACE, testNeeding } from '../state/test-needing.js'
import { mockTls } from './mock-tls.js'
import { ONLY_THE_PROXY_KNOWS, startTinyproxy } from './tinyproxy.js'

const test = testNeeding(['tinyproxy', MOUNT_NAMESPACE])
const CREDENTIAL = 'ada:hunter2'

async function startEcho() {
  const server = createServer((socket) => {
    socket.write('hello, ')
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** Says something and waits for the echo, without half-close: tinyproxy ends both ways when one has ended. */
async function converse(socket: Socket, head: Buffer, text: string): Promise<string> {
  const chunks = [head]
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(text)
  const heard = () => Buffer.concat(chunks).toString()
  await expect.poll(heard).toContain(text)
  socket.destroy()
  return heard()
}

test('tinyproxy opens a tunnel by a name that only it knows', async () => {
  await using echo = await startEcho()
  await using tinyproxy = await startTinyproxy()
  const proxy = new UpstreamProxy({ url: new URL(tinyproxy.url) })
  const destination = { host: ONLY_THE_PROXY_KNOWS, port: echo.port }

  const { socket, head } = await connectThroughProxy(proxy, destination, { timeoutMs: 5_000 })

  expect(await converse(socket, head, 'world')).toBe('hello, world')
  expect(tinyproxy.log).toContain(`CONNECT ${ONLY_THE_PROXY_KNOWS}:${echo.port} HTTP/1.1`)
})

test('tinyproxy takes our credential, and its refusal of another is told as such', async () => {
  await using echo = await startEcho()
  await using tinyproxy = await startTinyproxy(CREDENTIAL)
  const destination = { host: '127.0.0.1', port: echo.port }
  const reach = (credential?: () => string) =>
    connectThroughProxy(new UpstreamProxy({ url: new URL(tinyproxy.url), credential }), destination, {
      timeoutMs: 5_000,
    })

  const { socket, head } = await reach(() => CREDENTIAL)

  expect(await converse(socket, head, 'world')).toBe('hello, world')
  await expect(reach(() => 'ada:wrong')).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
    message: expect.stringContaining('does not take the credential it was given'),
  })
  await expect(reach()).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
    message: expect.stringContaining('wants a credential, and none was given'),
  })
})

test('what tinyproxy cannot reach is its refusal, with the status', async () => {
  await using tinyproxy = await startTinyproxy()
  const proxy = new UpstreamProxy({ url: new URL(tinyproxy.url) })

  await expect(
    connectThroughProxy(proxy, { host: 'no-such-host.invalid', port: 443 }, { timeoutMs: 20_000 }),
  ).rejects.toMatchObject({ code: 'ERR_UPSTREAM_PROXY_REFUSED', message: expect.stringMatching(/\(5\d\d\)\.$/) })
})

test('verification of a provider, and of a route, goes through tinyproxy, led by the environment', async () => {
  await using provider = await startMockProvider({ tls: mockTls(ONLY_THE_PROXY_KNOWS) })
  await using trap = await startRecordingUpstream()
  await using tinyproxy = await startTinyproxy(CREDENTIAL)
  const { port } = new URL(provider.url)
  const trapUrl = `http://127.0.0.1:${trap.port}`
  using home = cliHome({
    KEY: 'sk-verify-0123456789',
    PROXY_LOGIN: CREDENTIAL,
    NEMOCLAW_UPSTREAM_PROXY: tinyproxy.url,
    NEMOCLAW_UPSTREAM_PROXY_CREDENTIAL: 'env:PROXY_LOGIN',
    HTTPS_PROXY: trapUrl,
    https_proxy: trapUrl,
    NODE_USE_ENV_PROXY: '1',
  })
  const ca = join(home.path, 'ca.pem')
  writeFileSync(ca, PROVIDER_ROOT)
  const create = ['provider', 'create', 'p', '--type', 'mock', '--credential', 'MOCK_API_KEY=env:KEY']
  expect(await home.run([...create, '--base-url', `https://${ONLY_THE_PROXY_KNOWS}:${port}/v1`])).toMatchObject({
    code: 0,
  })

  const verified = await home.run(['provider', 'verify', 'p', '--upstream-ca', ca])
  const set = await home.run([
    'cluster',
    'inference',
    'set',
    '--provider',
    'p',
    '--model',
    'mock/echo',
    '--upstream-ca',
    ca,
  ])

  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ Provider p serves mock/echo') })
  expect(set).toMatchObject({ code: 0 })
  expect(provider.received).toHaveLength(2)
  expect(tinyproxy.log.match(new RegExp(`CONNECT ${ONLY_THE_PROXY_KNOWS}:${port}`, 'g'))).toHaveLength(2)
  expect(trap.bytes).toBe('')
})
