import { spawn, spawnSync } from 'node:child_process'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { startTestProxy } from './start-test-proxy.js'

const NOBODY = 65_534
const CONNECT = 'CONNECT inference.local:443 HTTP/1.1\\r\\nHost: inference.local:443\\r\\n'
const FORWARD = 'GET http://example.com/ HTTP/1.1\\r\\nHost: example.com\\r\\n'

/** Needs another user to be; in CI it runs as root, and fails where it cannot. */
const asRoot = (name: string, body: () => Promise<void>) => {
  if (process.getuid?.() === 0 || process.env['CI'] === 'true') {
    test(name, body)
    return
  }
  console.warn(`NOT RUN: "${name}" needs root, to be another user`)
  test.skip(`${name} (NOT RUN: needs root)`, body)
}

/** Speaks to a port as another user, through bash's own sockets. @returns the first line of the answer. */
function askAs(uid: number, port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}\\r\\n' >&3; head -n 1 <&3`
    const child = spawn('/bin/bash', ['-c', script], { uid, gid: uid, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
    let answer = ''
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk
    })
    child.once('error', reject)
    child.once('close', () => resolve(answer.trim()))
  })
}

test('the own user is served without a token', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  expect(await askAs(process.getuid!(), proxy.port, CONNECT)).toBe('HTTP/1.1 200 Connection Established')
})

test('the own user needs one where it is not trusted', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url }, { access: { tokens: [], trustOwnUser: false } })

  expect(await askAs(process.getuid!(), proxy.port, CONNECT)).toMatch(/^HTTP\/1\.1 407 /)
})

asRoot('another user of the machine is refused, with CONNECT and without', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  expect(await askAs(NOBODY, proxy.port, CONNECT)).toMatch(/^HTTP\/1\.1 407 /)
  expect(await askAs(NOBODY, proxy.port, FORWARD)).toMatch(/^HTTP\/1\.1 407 /)
  expect(provider.received).toEqual([])
})

asRoot('another user of the machine is refused on the listener of a client, too', async () => {
  await using provider = await startMockProvider()
  const clientListeners = [{ client: 'ci', host: '127.0.0.1', port: 0 }]
  await using proxy = await startTestProxy({ baseUrl: provider.url }, { clientListeners })
  const port = Number(new URL(proxy.proxy.clientUrls.get('ci')!).port)

  expect(await askAs(process.getuid!(), port, CONNECT)).toBe('HTTP/1.1 200 Connection Established')
  expect(await askAs(NOBODY, port, CONNECT)).toMatch(/^HTTP\/1\.1 407 /)
  expect(await askAs(NOBODY, port, FORWARD)).toMatch(/^HTTP\/1\.1 407 /)
})

asRoot('another user with the token is served', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy(
    { baseUrl: provider.url },
    { access: { tokens: [{ token: 'the-token' }], trustOwnUser: true } },
  )

  const request = `${CONNECT}Proxy-Authorization: Bearer the-token\\r\\n`
  expect(await askAs(NOBODY, proxy.port, request)).toBe('HTTP/1.1 200 Connection Established')
})

asRoot('another user that sends and leaves at once is not taken for root', async () => {
  await using provider = await startMockProvider()
  await using proxy = await startTestProxy({ baseUrl: provider.url })

  for (let round = 0; round < 20; round++) {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${proxy.port}; printf '${CONNECT}\\r\\n' >&3`
    // Nothing of this process runs meanwhile: when the proxy first looks, the client is gone.
    spawnSync('/bin/bash', ['-c', script], { uid: NOBODY, gid: NOBODY, cwd: '/', stdio: 'ignore' })
  }

  await expect.poll(() => proxy.events.length).toBe(20)
  expect(proxy.events.filter((event) => event.kind === 'egress' && event.action === 'intercept')).toEqual([])
})
