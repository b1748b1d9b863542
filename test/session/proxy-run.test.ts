import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { testNeeding } from '../state/test-needing.js'
import { ask } from './ask-inference.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET, sessionHome } from './session-home.js'

test('it listens on a free port, serves the stored route, and says what it does in lines of JSON without a secret', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)

  expect(proxy.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/)
  const { status, headers } = await ask(proxy, { model: 'a\u0007\u001b]0;title\nb' })
  expect(status).toBe(200)
  expect(headers).toMatchObject({ 'x-nemoclaw-model-served': 'mock/echo' })
  expect(provider.received[0]).toMatchObject({ model: 'mock/echo', headers: { authorization: `Bearer ${SECRET}` } })

  const exchange = await proxy.line({ kind: 'exchange' })
  expect(exchange).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    modelRequested: 'a\u0007\u001b]0;title\nb',
    modelServed: 'mock/echo',
    provider: 'p',
    status: 200,
    outcome: 'complete',
  })
  expect(proxy.output()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
  expect(proxy.output()).not.toContain(SECRET)
  expect(proxy.output()).not.toContain('correct horse')
})

test('a taken port names who has it and what to type', async () => {
  using home = sessionHome()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const { code, stderr } = await home.run(['proxy', 'run', '--listen', `127.0.0.1:${port}`])
  server.close()

  expect(code).toBe(1)
  expect(stderr).toMatch(
    new RegExp(`^Error: port ${port} on 127\\.0\\.0\\.1 is taken by .+ \\(pid ${process.pid}\\)\n`),
  )
  expect(stderr).toContain(`ps -fp ${process.pid}`)
  expect(stderr).toContain('--listen 127.0.0.1:0')
})

test.each([
  ['a port alone', ['--listen', '4140'], /--listen takes an IP address and a port/],
  ['other machines without consent', ['--listen', '0.0.0.0:0'], /--allow-remote/],
  ['other machines without a token for each', ['--listen', '0.0.0.0:0', '--allow-remote'], /--client-token/],
  ['a client token in the arguments', ['--client-token', 'laptop'], /--client-token takes NAME=FILE/],
])('%s is a mistake of usage: exit code 2 and what to type', async (_, args, message) => {
  using home = sessionHome()

  const { code, stdout, stderr } = await home.run(['proxy', 'run', ...args])

  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(message)
})

test('it does not run where the verification of providers is switched off', async () => {
  using home = sessionHome()

  const { code, stderr } = await home.run(['proxy', 'run', '--listen', '127.0.0.1:0'], {
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  })

  expect(code).toBe(1)
  expect(stderr).toContain('unset NODE_TLS_REJECT_UNAUTHORIZED')
})

test('a reader of the log that goes away does not take the proxy with it', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)

  proxy.stopReading()
  for (let count = 0; count < 3; count++) expect((await ask(proxy)).status).toBe(200)

  proxy.kill('SIGTERM')
  expect(await proxy.ended).toEqual([0, null])
})

test('proxy variables in its own environment lead it neither to itself nor anywhere else', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  // Nothing listens there: whoever follows it fails.
  const elsewhere = 'http://127.0.0.1:9'
  await using proxy = await runProxyCommand(home, {
    env: {
      HTTPS_PROXY: elsewhere,
      https_proxy: elsewhere,
      HTTP_PROXY: elsewhere,
      http_proxy: elsewhere,
      ALL_PROXY: elsewhere,
      NODE_USE_ENV_PROXY: '1',
    },
  })

  expect((await ask(proxy)).status).toBe(200)
  expect(provider.received).toHaveLength(1)
})

const UNSHARE = process.geteuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net']
const REMOTE_CLIENTS = fileURLToPath(new URL('programs/remote-clients.mjs', import.meta.url))
const canUnshare = spawnSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up']).status === 0

testNeeding(canUnshare ? [] : ['a network namespace (run as root)'])(
  'with consent and a token it listens for other machines, and a client without the token gets 407',
  () => {
    using home = sessionHome()
    const tokenFile = join(home.path, 'token')
    const token = 'laptop-token-0123456789'
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
    const argv = ['proxy', 'run', '--listen', '0.0.0.0:0', '--allow-remote', '--client-token', `laptop=${tokenFile}`]

    const { stdout, stderr } = spawnSync(
      'unshare',
      [...UNSHARE, process.execPath, REMOTE_CLIENTS, token, CLI, ...argv, '--log-format', 'json'],
      { env: { ...home.env, PATH: process.env['PATH'] ?? '' }, encoding: 'utf8', timeout: 20_000 },
    )

    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({ without: 'HTTP/1.1 407', with: 'HTTP/1.1 200' })
  },
)

test('a client token that others could write is not used', async () => {
  using home = sessionHome()
  const tokenFile = join(home.path, 'token')
  writeFileSync(tokenFile, 'laptop-token-0123456789\n')
  chmodSync(tokenFile, 0o666)

  const { code, stderr } = await home.run([
    'proxy',
    'run',
    '--listen',
    '127.0.0.1:0',
    '--client-token',
    `laptop=${tokenFile}`,
  ])

  expect(code).toBe(1)
  expect(stderr).toContain('chmod go-w')
})
