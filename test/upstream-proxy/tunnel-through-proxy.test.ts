import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PROVIDER_ROOT } from '../bad-input/upstream-certificates.js'
import { collect } from '../proxy/start-test-proxy.js'
import { runProxyCommand } from '../session/run-proxy-command.js'
import { sessionHome, succeed } from '../session/session-home.js'
import { mockTls } from './mock-tls.js'
import { startRecordingProxy } from './recording-proxy.js'

/** What comes out of a tunnel into which `text` was sent at once, our side then closed. */
async function through(port: number, authority: string, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n${text}`)
  return collect(socket, 10_000)
}

/** Says what it heard, then ends. */
async function startEcho(): Promise<{ readonly port: number } & Disposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => socket.end(`heard ${bytes}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() }
}

test('an allowed name goes to the upstream proxy by name, a denied one and a forbidden address do not', async () => {
  using echo = await startEcho()
  await using upstream = await startRecordingProxy()
  using home = sessionHome()
  const authority = `only-the-proxy.example:${echo.port}`
  await succeed(home, ['policy', 'allow', authority])
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' }
  await using proxy = await runProxyCommand(home, { args: ['--upstream-proxy', upstream.url], env })

  const allowed = await through(proxy.port, authority, 'hello')
  const denied = await through(proxy.port, 'other.example:443', 'hello')
  const here = await through(proxy.port, '127.0.0.1:443', 'hello')

  expect(allowed).toBe('HTTP/1.1 200 Connection Established\r\n\r\nheard hello')
  expect(denied).toContain('no policy allows it')
  expect(here).toContain('no policy can allow')
  expect(upstream.heads).toEqual([`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`])
  const end = await proxy.line({ kind: 'tunnel', host: 'only-the-proxy.example' })
  expect(end).toMatchObject({ outcome: 'complete', sentBytes: 5, receivedBytes: 11 })
})

test('requests in a tunnel that is read, because its endpoint has rules, leave through the upstream proxy too', async () => {
  using echo = await startEcho()
  await using upstream = await startRecordingProxy()
  using home = sessionHome()
  const authority = `only-the-proxy.example:${echo.port}`
  const policy = join(home.path, 'policy.yaml')
  const rules = '[{ method: GET, path: /ok }]'
  const endpoint = `{ host: only-the-proxy.example, port: ${echo.port}, rules: ${rules} }`
  writeFileSync(policy, `version: 1\nnetwork_policies: { a: { endpoints: [${endpoint}] } }\n`, { mode: 0o600 })
  await using proxy = await runProxyCommand(home, { args: ['--upstream-proxy', upstream.url, '--policy', policy] })

  await through(proxy.port, authority, `GET /ok HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const denied = await through(proxy.port, authority, `GET /no HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)

  expect(upstream.heads).toEqual([`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`])
  expect(upstream.tunnelled).toContain('GET /ok HTTP/1.1\r\n')
  expect(denied).toContain('do not allow this method and path')
  expect(proxy.lines.filter(({ kind }) => kind === 'fault')).toEqual([])
})

test('what the upstream proxy refuses is 502 with its status, and its credential is sent to nobody else', async () => {
  await using upstream = await startRecordingProxy(undefined, { credential: 'user:right' })
  using home = sessionHome()
  await succeed(home, ['policy', 'allow', 'only-the-proxy.example:443'])
  const args = ['--upstream-proxy', upstream.url, '--upstream-proxy-credential', 'env:CORP']
  await using proxy = await runProxyCommand(home, { args, env: { CORP: 'user:wrong-password' } })

  const answer = await through(proxy.port, 'only-the-proxy.example:443', '')

  expect(answer).toMatch(/^HTTP\/1\.1 502 .*ERR_UPSTREAM_PROXY_CREDENTIAL/s)
  expect(answer + proxy.output()).not.toContain('wrong-password')
  expect(proxy.lines.at(-1)).toMatchObject({
    kind: 'egress',
    action: 'fail',
    errorCode: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
  })
})

test('an upstream proxy that is cut off in the middle of a tunnel is a reset, over TLS too', async () => {
  await using upstream = await startRecordingProxy(
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhalf of it')
      setTimeout(() => socket.destroy(), 200)
    },
    { tls: mockTls('localhost') },
  )
  using home = sessionHome()
  await succeed(home, ['policy', 'allow', 'only-the-proxy.example:443'])
  const ca = join(home.path, 'proxy-ca.pem')
  writeFileSync(ca, PROVIDER_ROOT)
  const args = ['--upstream-proxy', upstream.url, '--upstream-proxy-ca', ca]
  await using proxy = await runProxyCommand(home, { args })

  expect(await through(proxy.port, 'only-the-proxy.example:443', '')).toContain('half of it')

  expect(await proxy.line({ kind: 'tunnel' })).toMatchObject({ receivedBytes: 10 })
  expect(await through(proxy.port, '127.0.0.1:1', '')).toContain('403')
})

test('a proxy that would be its own upstream proxy does not start', async () => {
  using home = sessionHome()

  const { code, stderr } = await home.run([
    ...['proxy', 'run', '--listen', '127.0.0.1:45671', '--upstream-proxy', 'http://localhost:45671'],
  ])

  expect(code).toBe(1)
  expect(stderr).toContain('a loop')
})
