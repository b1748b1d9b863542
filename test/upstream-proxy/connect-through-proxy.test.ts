import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import { connectThroughProxy, UpstreamProxy, type UpstreamProxyOptions } from '@nemoclaw/proxy-core/control-plane'
import { describe, expect, test } from 'vitest'
import { PROVIDER_ROOT, providerTls } from '../bad-input/upstream-certificates.js'
import { basic, type ProxyBehaviour, type RecordingProxy, startRecordingProxy } from './recording-proxy.js'

const SECRET = 'ada:hunter2 ß'
const HOST = { host: 'host.example', port: 4711 }

const reach = (
  proxy: Pick<RecordingProxy, 'url'>,
  options: Omit<UpstreamProxyOptions, 'url'> = {},
  destination: { readonly host: string; readonly port: number } = HOST,
  timeoutMs = 5_000,
) => connectThroughProxy(new UpstreamProxy({ url: new URL(proxy.url), ...options }), destination, { timeoutMs })

/** All that a socket brings, after what was there before. */
async function readAll({ socket, head }: { readonly socket: Socket; readonly head: Buffer }): Promise<string> {
  const chunks = [head]
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

const saying =
  (...pieces: readonly string[]): ProxyBehaviour =>
  async (socket) => {
    for (const piece of pieces) {
      socket.write(piece, 'latin1')
      await setTimeout(20)
    }
    socket.end()
  }

test('asks for the authority, in Host too, and for nothing else', async () => {
  await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\n'))

  const { socket } = await reach(proxy)
  socket.destroy()

  expect(proxy.heads).toEqual(['CONNECT host.example:4711 HTTP/1.1\r\nHost: host.example:4711\r\n\r\n'])
})

test('writes an IPv6 address in brackets', async () => {
  await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\n'))

  const { socket } = await reach(proxy, {}, { host: '2001:db8::1', port: 443 })
  socket.destroy()

  expect(proxy.heads[0]).toMatch(/^CONNECT \[2001:db8::1\]:443 HTTP\/1\.1\r\nHost: \[2001:db8::1\]:443\r\n/)
})

test('sends the credential as Basic, asked for anew each time', async () => {
  await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\n'))
  const rotated = ['ada:first', SECRET]
  const upstreamProxy = new UpstreamProxy({ url: new URL(proxy.url), credential: async () => rotated.shift()! })

  for (const _ of [1, 2]) {
    const { socket } = await connectThroughProxy(upstreamProxy, HOST, { timeoutMs: 5_000 })
    socket.destroy()
  }

  expect(proxy.heads[0]).toContain(basic('ada:first'))
  expect(proxy.heads[1]).toContain(basic(SECRET))
})

test('relays both ways, and keeps writing after the other side has ended where that is asked for', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.end('all that I say')
    socket.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
    socket.on('end', () => heard.push('end'))
  })
  const heard: string[] = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  await using proxy = await startRecordingProxy((socket) => {
    socket.allowHalfOpen = true
    const onward = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
  })

  const { socket, head } = await connectThroughProxy(
    new UpstreamProxy({ url: new URL(proxy.url) }),
    { host: 'host.example', port },
    { timeoutMs: 5_000, allowHalfOpen: true },
  )
  const chunks = [head]
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  socket.end('still here')
  await once(socket, 'close')

  expect(Buffer.concat(chunks).toString()).toBe('all that I say')
  await expect.poll(() => heard).toEqual(['still here', 'end'])
  server.close()
})

describe('what comes behind the answer is not lost', () => {
  test.each([
    ['in the same packet', ['HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n']],
    ['in the same packet and the next one', ['HTTP/1.1 200 OK\r\n\r\nSSH-', '2.0-x\r\n']],
    ['when the answer came in pieces', ['HTTP/1.', '1 200 OK\r', '\n\r', '\nSSH-2.0', '-x\r\n']],
    [
      'behind interim answers',
      ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n'],
    ],
    [
      'whatever length the answer names',
      ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nSSH-2.0-x\r\n'],
    ],
  ])('%s', async (_what, pieces) => {
    await using proxy = await startRecordingProxy(saying(...pieces))

    expect(await readAll(await reach(proxy))).toBe('SSH-2.0-x\r\n')
  })

  test('over TLS, when the tunnel is listened to later', async () => {
    await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\nSSH', '-2.0', '-x\r\n'), {
      tls: providerTls(),
    })

    const tunnel = await reach(proxy, { extraRoots: [PROVIDER_ROOT] })
    await setTimeout(100)

    expect(await readAll(tunnel)).toBe('SSH-2.0-x\r\n')
  })

  test('when it is relayed by pipe', async () => {
    await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\nSSH', '-2.0', '-x\r\n'))
    const relayed = new PassThrough()

    const { socket, head } = await reach(proxy)
    socket.unshift(head)
    socket.pipe(relayed)

    expect(await text(relayed)).toBe('SSH-2.0-x\r\n')
  })

  test('a megabyte that nobody reads yet', async () => {
    await using proxy = await startRecordingProxy((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1024 * 1024)}`)
    })

    const tunnel = await reach(proxy)
    await setTimeout(100)

    expect(await readAll(tunnel)).toHaveLength(1024 * 1024)
  })
})

describe('says which of these it was', () => {
  test.each<[string, ProxyBehaviour, string, RegExp]>([
    ['403', saying('HTTP/1.1 403 Forbidden\r\n\r\n'), 'REFUSED', /refused a tunnel to host\.example:4711 \(403\)/],
    ['502', saying('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!'), 'REFUSED', /\(502\)/],
    ['a redirect', saying('HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n'), 'REFUSED', /\(302\)/],
    ['101', saying('HTTP/1.1 101 Switching Protocols\r\n\r\n'), 'REFUSED', /\(101\)/],
    ['407', saying('HTTP/1.1 407 Who\r\n\r\n'), 'CREDENTIAL', /wants a credential, and none was given \(407\)/],
    [
      '407 by other schemes',
      saying('HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n'),
      'CREDENTIAL',
      /takes a credential by Negotiate or NTLM only; Basic is what can be given/,
    ],
    ['a close at once', (socket) => void socket.end(), 'UNREACHABLE', /closed the connection before it answered/],
    [
      'a close in the head',
      saying('HTTP/1.1 200 OK\r\nVia'),
      'UNREACHABLE',
      /closed the connection before it answered/,
    ],
    ['a reset', (socket) => void socket.resetAndDestroy(), 'UNREACHABLE', /closed the connection before it answered/],
    ['another protocol', (socket) => void socket.write('SSH-2.0-x\r\n'), 'PROTOCOL', /no HTTP\/1\.1/],
    ['100 KB of one field', saying(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), 'PROTOCOL', /longer than/],
    ['100 KB of fields', saying(`HTTP/1.1 200 OK\r\n${'X:\r\n'.repeat(25_000)}\r\n`), 'PROTOCOL', /longer than/],
    ['100 KB without end', saying(`HTTP/1.1 200 ${'x'.repeat(100_000)}`), 'PROTOCOL', /longer than/],
    ['a split field', saying('HTTP/1.1 200 OK\r\nA: b\nHTTP/1.1 200 OK\r\n\r\n'), 'PROTOCOL', /malformed/],
  ])('%s', async (_what, behaviour, code, message) => {
    await using proxy = await startRecordingProxy(behaviour)

    await expect(reach(proxy)).rejects.toMatchObject({
      code: `ERR_UPSTREAM_PROXY_${code}`,
      status: 502,
      message: expect.stringMatching(message),
    })
    await expect.poll(() => proxy.open).toBe(0)
  })

  test('nobody there', async () => {
    const proxy = await startRecordingProxy()
    await proxy[Symbol.asyncDispose]()

    await expect(reach(proxy)).rejects.toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_UNREACHABLE',
      message: `The upstream proxy ${proxy.url} refuses connections: nothing listens there (ECONNREFUSED).`,
    })
  })

  test('a name that does not exist', async () => {
    await expect(reach({ url: 'http://no-such-proxy.invalid:3128' })).rejects.toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_UNREACHABLE',
      message: expect.stringContaining('has a host that cannot be resolved'),
    })
  })

  test.each<[string, ProxyBehaviour]>([
    ['silence', () => {}],
    ['interim answers without end', (socket) => void setInterval(() => socket.write('H'), 1_000).unref()],
    [
      'a head that comes byte by byte',
      async (socket) => {
        for (const byte of `HTTP/1.1 200 ${'x'.repeat(100)}`) {
          if (socket.destroyed) return
          socket.write(byte)
          await setTimeout(20)
        }
      },
    ],
  ])('%s, when the time is up', async (_what, behaviour) => {
    await using proxy = await startRecordingProxy(behaviour)

    await expect(reach(proxy, {}, HOST, 300)).rejects.toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_TIMEOUT',
      status: 504,
      message: `The upstream proxy ${proxy.url} opened no tunnel to host.example:4711 within 300 ms.`,
    })
    await expect.poll(() => proxy.open).toBe(0)
  })
})

test('an abort ends it at once, with its own reason', async () => {
  await using proxy = await startRecordingProxy(() => {})
  const controller = new AbortController()
  const upstreamProxy = new UpstreamProxy({ url: new URL(proxy.url) })
  const attempt = connectThroughProxy(upstreamProxy, HOST, { timeoutMs: 60_000, signal: controller.signal })
  attempt.catch(() => {})
  await expect.poll(() => proxy.heads.length).toBe(1)

  controller.abort(new Error('the client has left'))

  await expect(attempt).rejects.toThrow('the client has left')
  await expect.poll(() => proxy.open).toBe(0)
})

test('a tunnel that is reset before anybody listens to it ends no process', async () => {
  await using proxy = await startRecordingProxy(async (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    await setTimeout(20)
    socket.resetAndDestroy()
  })

  const { socket } = await reach(proxy)
  // Not by `once`, which would listen to errors itself.
  await expect.poll(() => socket.destroyed).toBe(true)

  expect(socket.errored).toMatchObject({ code: 'ECONNRESET' })
})

test('an abort while the credential is read, or before, keeps it from being asked', async () => {
  await using proxy = await startRecordingProxy(() => {})
  const controller = new AbortController()
  const credential = async () => {
    controller.abort(new Error('the client has left'))
    return SECRET
  }
  const upstreamProxy = new UpstreamProxy({ url: new URL(proxy.url), credential })

  for (const _when of ['while', 'before']) {
    await expect(
      connectThroughProxy(upstreamProxy, HOST, { timeoutMs: 1_000, signal: controller.signal }),
    ).rejects.toThrow('the client has left')
  }
  expect(proxy.heads).toEqual([])
})

test.each([
  'a\r\nProxy-Authorization: Basic x',
  'a b',
  'a/b',
  'user@host',
  '',
  'a:443 HTTP/1.1\r\nX: y',
  'fe80::1%eth0',
])('a host that is none, %j, is not asked for', async (host) => {
  await using proxy = await startRecordingProxy()

  await expect(reach(proxy, {}, { host, port: 443 })).rejects.toMatchObject({ code: 'ERR_AUTHORITY_MALFORMED' })
  expect(proxy.heads).toEqual([])
})

describe('a proxy that wants a credential', () => {
  test('opens the tunnel for the right one', async () => {
    await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\nhello'), { credential: SECRET })

    expect(await readAll(await reach(proxy, { credential: () => SECRET }))).toBe('hello')
  })

  test('refuses a wrong one, which nothing shows', async () => {
    await using proxy = await startRecordingProxy(undefined, { credential: 'ada:other' })

    const error: unknown = await reach(proxy, { credential: () => SECRET }).catch((reason: unknown) => reason)

    expect(error).toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
      message: `The upstream proxy ${proxy.url} does not take the credential it was given (407).`,
    })
    const shown = inspect(error, { depth: 20, showHidden: true })
    expect(shown).not.toContain('hunter2')
    expect(shown).not.toContain(Buffer.from(SECRET).toString('base64'))
  })

  test('that cannot be read is not asked without one', async () => {
    await using proxy = await startRecordingProxy()
    const cause = new Error('locked away')

    await expect(reach(proxy, { credential: () => Promise.reject(cause) })).rejects.toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_CREDENTIAL',
      cause,
    })
    expect(proxy.heads).toEqual([])
  })
})

describe('an https proxy', () => {
  test('is trusted by its own CA, and relays TLS inside TLS', async () => {
    await using proxy = await startRecordingProxy(saying('HTTP/1.1 200 OK\r\n\r\nhello'), { tls: providerTls() })

    expect(await readAll(await reach(proxy, { extraRoots: [PROVIDER_ROOT] }))).toBe('hello')
  })

  test.each([
    ['of a CA that was not named', {}, []],
    ['for another name', { names: ['other.example'] }, [PROVIDER_ROOT]],
    ['expired', { startsInDays: -20, endsInDays: -1 }, [PROVIDER_ROOT]],
    ['with the name as common name only', { names: [] }, [PROVIDER_ROOT]],
  ])('with a certificate %s is asked nothing', async (_what, flaw, extraRoots) => {
    await using proxy = await startRecordingProxy(undefined, { tls: providerTls(flaw) })

    await expect(reach(proxy, { extraRoots, credential: () => SECRET })).rejects.toMatchObject({
      code: 'ERR_UPSTREAM_PROXY_TLS',
    })
    expect(proxy.heads).toEqual([])
  })

  test('that speaks no TLS is asked nothing', async () => {
    await using proxy = await startRecordingProxy((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const url = proxy.url.replace('http:', 'https:')

    await expect(reach({ url }, { credential: () => SECRET }, HOST, 500)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_UPSTREAM_PROXY_(?:TLS|TIMEOUT)$/),
    })
    expect(proxy.heads.join('') + proxy.tunnelled).not.toContain('CONNECT')
  })
})
