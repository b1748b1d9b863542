import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { PROVIDER_ROOT, providerTls } from '../bad-input/upstream-certificates.js'
import { type CliHome, cliHome } from '../cli/run-cli.js'
import { mockTls } from './mock-tls.js'
import { type ProxyBehaviour, type RecordingProxyOptions, startRecordingProxy } from './recording-proxy.js'

const NAME = 'provider.nowhere.invalid'

/** A provider that only a proxy can reach, stored in a fresh home, and the proxy. */
async function startBed({
  behaviour,
  ...options
}: RecordingProxyOptions & { readonly behaviour?: ProxyBehaviour } = {}) {
  const provider = await startMockProvider({ tls: mockTls(NAME) })
  const proxy = await startRecordingProxy(behaviour, options)
  const home: CliHome = cliHome({ KEY: 'sk-verify-0123456789', PROXY_LOGIN: 'ada:hunter2' })
  const ca = join(home.path, 'ca.pem')
  writeFileSync(ca, PROVIDER_ROOT)
  const baseUrl = `https://${NAME}:${new URL(provider.url).port}/v1`
  const credential = ['--credential', 'MOCK_API_KEY=env:KEY', '--base-url', baseUrl]
  await home.run(['provider', 'create', 'p', '--type', 'mock', ...credential])
  return {
    provider,
    proxy,
    home,
    ca,
    verify: (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      home.run(['provider', 'verify', 'p', '--upstream-ca', ca, ...args], { env }),
    async [Symbol.asyncDispose]() {
      home[Symbol.dispose]()
      await proxy[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

test('a provider is asked through the proxy that the flags name, with the credential of a file', async () => {
  await using bed = await startBed({ credential: 'ada:hunter2' })
  writeFileSync(join(bed.home.path, 'login'), 'ada:hunter2\n', { mode: 0o600 })

  const { code, stderr } = await bed.verify([
    '--upstream-proxy',
    bed.proxy.url,
    '--upstream-proxy-credential',
    `file:${bed.home.path}/login`,
  ])

  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(bed.provider.received).toHaveLength(1)
  expect(bed.proxy.heads).toHaveLength(1)
  expect(bed.proxy.tunnelled).not.toContain('sk-verify')
})

test('the one in the environment is used where no flag names another', async () => {
  await using bed = await startBed()
  await using other = await startRecordingProxy()

  const environment = { NEMOCLAW_UPSTREAM_PROXY: bed.proxy.url }
  expect(await bed.verify([], environment)).toMatchObject({ code: 0 })
  expect(await bed.verify(['--upstream-proxy', other.url], environment)).toMatchObject({ code: 0 })

  expect([bed.proxy.heads.length, other.heads.length]).toEqual([1, 1])
})

test('an https proxy is trusted by the CA that was named for it, and only by that', async () => {
  await using bed = await startBed({ tls: providerTls() })

  const refused = await bed.verify(['--upstream-proxy', bed.proxy.url])
  const accepted = await bed.verify(['--upstream-proxy', bed.proxy.url, '--upstream-proxy-ca', bed.ca])

  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('verification failed (upstream_proxy_failed)'),
  })
  expect(refused.stderr).toContain('could not be verified')
  expect(accepted).toMatchObject({ code: 0 })
  expect(bed.proxy.heads).toHaveLength(1)
})

test('the certificate of the provider is verified through the proxy', async () => {
  await using bed = await startBed()

  const { code, stderr } = await bed.home.run(['provider', 'verify', 'p', '--upstream-proxy', bed.proxy.url])

  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('(tls_failed)') })
  expect(bed.provider.received).toEqual([])
})

test('a wrong credential is told as such, and shown nowhere', async () => {
  await using bed = await startBed({ credential: 'ada:other' })

  const { code, stdout, stderr } = await bed.verify(
    ['--upstream-proxy', bed.proxy.url, '--upstream-proxy-credential', 'env:PROXY_LOGIN', '--json'],
    { DEBUG: '*', NODE_DEBUG: 'http,net,tls' },
  )

  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: 'ERR_VERIFICATION_UPSTREAM_PROXY_FAILED',
      message: expect.stringContaining('does not take the credential it was given (407)'),
    },
  })
  expect(stdout + stderr).not.toContain('hunter2')
  expect(stdout + stderr).not.toContain(Buffer.from('ada:hunter2').toString('base64'))
})

test('a proxy that refuses is told from a provider that does', async () => {
  await using bed = await startBed({ behaviour: (socket) => void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n') })

  const { code, stderr } = await bed.verify(['--upstream-proxy', bed.proxy.url])

  expect(code).toBe(1)
  expect(stderr).toMatch(/\(upstream_proxy_failed\): The upstream proxy \S+ refused a tunnel to provider\S+ \(403\)/)
})

test('a literal credential and a password in the URL are refused, and not repeated', async () => {
  await using bed = await startBed()
  const url = bed.proxy.url.replace('//', '//ada:hunter2@')

  const inUrl = await bed.verify(['--upstream-proxy', url])
  const literal = await bed.verify(['--upstream-proxy', bed.proxy.url, '--upstream-proxy-credential', 'ada:hunter2'])

  expect(inUrl.code).toBe(2)
  expect(inUrl.stderr).toContain(
    `Type: --upstream-proxy ${bed.proxy.url} --upstream-proxy-credential env:NAME (or file:PATH), holding user:password`,
  )
  expect(literal.code).toBe(2)
  expect(literal.stderr).toContain('--upstream-proxy-credential takes env:NAME or file:PATH')
  expect(JSON.stringify([inUrl, literal])).not.toContain('hunter2')
  expect(bed.proxy.heads).toEqual([])
})
