import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { UpstreamProxy, type UpstreamProxyOptions } from '@nemoclaw/proxy-core/control-plane'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { UpstreamResponse } from '../../packages/proxy-core/src/upstream/send-upstream.js'
import { createUpstreamPool, type UpstreamPool } from '../../packages/proxy-core/src/upstream/upstream-pool.js'
import { GOOD_CONTENT, startRecordingUpstream } from '../bad-input/recording-upstream.js'
import { PROVIDER_ROOT, providerTls } from '../bad-input/upstream-certificates.js'
import { basic, type RecordingProxy, startRecordingProxy } from './recording-proxy.js'

const NAME = 'provider.nowhere.invalid' // RFC 6761: whoever looks it up here finds nothing.
const TIMEOUTS = { connectTimeoutMs: 5_000, firstByteTimeoutMs: 5_000, idleTimeoutMs: 5_000 }

const startProvider = (host = NAME) =>
  startRecordingUpstream(undefined, { tls: providerTls({ names: [NAME, 'localhost'] }), host })

function poolThrough(
  proxy: Pick<RecordingProxy, 'url'>,
  options: Omit<UpstreamProxyOptions, 'url'> = {},
): UpstreamPool & AsyncDisposable {
  const upstreamProxy = new UpstreamProxy({ url: new URL(proxy.url), ...options })
  const pool = createUpstreamPool({ extraRoots: [PROVIDER_ROOT], upstreamProxy })
  return { ...pool, [Symbol.asyncDispose]: () => pool.close() }
}

function ask(pool: UpstreamPool, baseUrl: string, timeouts = TIMEOUTS, onAttempt = (_attempt: number) => {}) {
  return pool.send({
    method: 'POST',
    url: new URL(`${baseUrl}/chat/completions`),
    query: '',
    fields: [['authorization', 'Bearer sk-provider']],
    content: [Buffer.from('{}')],
    timeouts,
    signal: new AbortController().signal,
    onAttempt,
  })
}

function contentOf(response: UpstreamResponse): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.read({
      onData: (chunk) => chunks.push(chunk),
      onEnd: () => resolve(Buffer.concat(chunks).toString()),
      onFailure: reject,
    })
  })
}

test('an https provider is reached by CONNECT, by a name that only the proxy knows, and the connection is kept', async () => {
  await using provider = await startProvider()
  await using proxy = await startRecordingProxy()
  await using pool = poolThrough(proxy)

  for (const _ of [1, 2, 3]) {
    expect(await contentOf(await ask(pool, provider.url))).toBe(GOOD_CONTENT)
    await setTimeout(20) // Undici uses a connection again one turn of the event loop later.
  }

  const authority = `${NAME}:${provider.port}`
  expect(proxy.heads).toEqual([`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`])
  expect(provider.connections).toHaveLength(1)
  expect(provider.bytes).toContain('Bearer sk-provider')
  expect(proxy.tunnelled).not.toContain('sk-provider')
})

test('closing the pool closes its tunnels, and those being opened', async () => {
  await using provider = await startProvider()
  let silent = false
  await using relay = await startRecordingProxy()
  await using proxy = await startRecordingProxy((socket, head) => {
    if (silent) return
    const onward = connect({ port: relay.port, host: '127.0.0.1' }, () => {
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
  })
  const pool = poolThrough(proxy)
  await contentOf(await ask(pool, provider.url))
  silent = true
  const waiting = ask(pool, `https://other.nowhere.invalid/v1`).catch((error: unknown) => error)
  await expect.poll(() => proxy.heads.length).toBe(2)

  await pool.close()

  await expect.poll(() => proxy.open).toBe(0)
  expect(await waiting).toBeInstanceOf(Error)
})

test('its certificate is verified through an https proxy too, which has a CA of its own', async () => {
  await using provider = await startProvider()
  await using proxy = await startRecordingProxy(undefined, { tls: providerTls(), credential: 'ada:hunter2' })
  await using trusting = poolThrough(proxy, { extraRoots: [PROVIDER_ROOT], credential: () => 'ada:hunter2' })
  await using doubting = poolThrough(proxy, { credential: () => 'ada:hunter2' })

  expect(await contentOf(await ask(trusting, provider.url))).toBe(GOOD_CONTENT)
  expect(proxy.heads[0]).toContain(basic('ada:hunter2'))
  // The roots for providers are none for the proxy.
  await expect(ask(doubting, provider.url)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_PROXY_TLS' })
})

describe('goes direct', () => {
  test.each(['localhost', '127.0.0.1'])('to an https provider at %s', async (host) => {
    await using provider = await startProvider(host)
    await using proxy = await startRecordingProxy()
    await using pool = poolThrough(proxy)

    expect(await contentOf(await ask(pool, provider.url))).toBe(GOOD_CONTENT)
    expect(proxy.heads).toEqual([])
  })

  test('to a plain http provider, which only this machine or network may have', async () => {
    await using provider = await startRecordingUpstream()
    await using proxy = await startRecordingProxy()
    await using pool = poolThrough(proxy)

    expect(await contentOf(await ask(pool, provider.url))).toBe(GOOD_CONTENT)
    await expect(ask(pool, `http://${NAME}/v1`)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_DNS' })
    expect(proxy.heads).toEqual([])
  })
})

test.each(['https://169.254.169.254/v1', 'https://[fd00:ec2::254]/v1', 'https://0.0.0.0/v1'])(
  'the proxy is not asked for %s either',
  async (url) => {
    await using proxy = await startRecordingProxy()
    await using pool = poolThrough(proxy)

    await expect(ask(pool, url)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_CLEARTEXT' })
    expect(proxy.heads).toEqual([])
  },
)

describe('a proxy that opens the TLS itself', () => {
  test('gets not one byte of the request', async () => {
    await using provider = await startProvider()
    const own = providerTls({ names: [NAME], signedBy: 'itself' })
    await using impostor = await startRecordingUpstream(undefined, { tls: own })
    await using proxy = await startRecordingProxy((socket) => {
      const onward = connect({ port: impostor.port, host: '127.0.0.1' }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
    })
    await using pool = poolThrough(proxy)

    await expect(ask(pool, provider.url)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_TLS', status: 502 })
    expect(impostor.bytes).toBe('')
    expect(proxy.heads).toHaveLength(1)
  })

  test('is taken where its CA was named for providers', async () => {
    await using impostor = await startRecordingUpstream(undefined, { tls: providerTls({ names: [NAME] }) })
    await using proxy = await startRecordingProxy((socket) => {
      const onward = connect({ port: impostor.port, host: '127.0.0.1' }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
    })
    await using pool = poolThrough(proxy)

    expect(await contentOf(await ask(pool, `https://${NAME}/v1`))).toBe(GOOD_CONTENT)
  })

  test('and puts bytes in front of the TLS breaks it', async () => {
    await using provider = await startProvider()
    await using proxy = await startRecordingProxy((socket) => {
      const onward = connect({ port: provider.port, host: '127.0.0.1' }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
    })
    await using pool = poolThrough(proxy)

    await expect(ask(pool, provider.url)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_TLS' })
    expect(provider.bytes).toBe('')
  })
})

test('a refused credential is tried once, so that no account is locked out sooner than it must be', async () => {
  await using proxy = await startRecordingProxy(undefined, { credential: 'ada:right' })
  await using pool = poolThrough(proxy, { credential: () => 'ada:wrong' })
  const attempts: number[] = []

  await expect(ask(pool, `https://${NAME}/v1`, TIMEOUTS, (attempt) => attempts.push(attempt))).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
    status: 502,
    clientCode: 'upstream_proxy_failed',
  })
  expect(proxy.heads).toHaveLength(1)
  expect(attempts).toEqual([1])
})

test('a proxy that closes is tried once more, because nothing was sent', async () => {
  await using provider = await startProvider()
  let connections = 0
  await using proxy = await startRecordingProxy((socket) => {
    if (++connections === 1) {
      socket.end()
      return
    }
    const onward = connect({ port: provider.port, host: '127.0.0.1' }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
  })
  await using pool = poolThrough(proxy)

  expect(await contentOf(await ask(pool, provider.url))).toBe(GOOD_CONTENT)
  expect(provider.connections).toHaveLength(1)
})

test('the connect limit of the route covers the proxy, and the message says who was asked', async () => {
  await using proxy = await startRecordingProxy(() => {})
  await using pool = poolThrough(proxy)

  await expect(ask(pool, `https://${NAME}/v1`, { ...TIMEOUTS, connectTimeoutMs: 300 })).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_CONNECT_TIMEOUT',
    message: `The provider at https://${NAME} (through the upstream proxy ${proxy.url}) exceeded the connect limit of 300 ms.`,
  })
})

describe('variables that lead other programs to a proxy', () => {
  beforeEach(() => vi.unstubAllEnvs())
  afterEach(() => vi.unstubAllEnvs())

  test('lead neither to a provider nor to the upstream proxy', async () => {
    await using provider = await startProvider()
    await using trap = await startRecordingProxy()
    await using proxy = await startRecordingProxy()
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']) {
      vi.stubEnv(name, trap.url)
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    await using pool = poolThrough(proxy)
    const direct = createUpstreamPool({ extraRoots: [PROVIDER_ROOT] })

    expect(await contentOf(await ask(pool, provider.url))).toBe(GOOD_CONTENT)
    expect(await contentOf(await ask(direct, `https://localhost:${provider.port}/v1`))).toBe(GOOD_CONTENT)
    await direct.close()

    expect(trap.heads).toEqual([])
    expect(trap.tunnelled).toBe('')
    expect(proxy.heads).toHaveLength(1)
  })
})
