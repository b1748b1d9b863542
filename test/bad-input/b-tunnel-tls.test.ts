import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { alteredSocket } from '../tls/altered-socket.js'
import { clientHello, inRecordsOf, withServerNames } from '../tls/client-hello.js'
import { handshake, openTunnel, readUntilClosed } from '../tls/open-tunnel.js'
import { runProgram } from '../tls/run-program.js'
import { converseOn } from './converse.js'
import { expectServed, goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const UNRECOGNIZED_NAME_ALERT = '15030300020270'

test('a client without SNI is served: it has said with CONNECT whom it means (class 21)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  const socket = await openTunnel(proxy.port)
  const verdict = await handshake({ socket, ca: proxy.rootCertificate, servername: '', host: 'inference.local' })
  const tls = 'socket' in verdict ? verdict.socket : undefined
  const { answers } = await converseOn(tls!, goodRequest('Connection: close'))

  expect(answers[0]?.status).toBe(200)
})

describe('a server name that is not ours ends the handshake (classes 22 and 23)', () => {
  test.each([
    ['another host', Buffer.from('github.com')],
    ['a name below ours', Buffer.from('x.inference.local')],
    ['NUL behind ours', Buffer.from('inference.local\0.evil.com')],
    ['an address', Buffer.from('127.0.0.1')],
    ['300 bytes', Buffer.alloc(300, 0x61)],
  ])('%s', async (_what, name) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const socket = await openTunnel(proxy.port)
    socket.write(withServerNames(await clientHello(), name))
    const answer = await readUntilClosed(socket, 3_000)

    expect(answer[0]).toBe(0x15)
    expect(upstream.bytes).toBe('')
    await expectServed(proxy, upstream)
  })

  test('the alert says which, and the event too', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const socket = await openTunnel(proxy.port)
    socket.write(await clientHello({ servername: 'github.com' }))
    const answer = await readUntilClosed(socket, 3_000)

    expect(answer.toString('hex')).toBe(UNRECOGNIZED_NAME_ALERT)
    expect(proxy.events.at(-1)).toMatchObject({
      kind: 'egress',
      reason: expect.stringContaining('server_name_not_served'),
    })
  })
})

test('a ClientHello in pieces of one byte, or in records of one byte, is read (class 25)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  const pieces = alteredSocket(await openTunnel(proxy.port), function* (chunk) {
    for (const byte of chunk) yield Buffer.of(byte)
  })
  const tls = connectTls({ socket: pieces, servername: 'inference.local', ca: proxy.rootCertificate })
  await once(tls, 'secureConnect')
  const { answers } = await converseOn(tls, goodRequest('Connection: close'))
  expect(answers[0]?.status).toBe(200)

  const socket = await openTunnel(proxy.port)
  socket.write(inRecordsOf(1, await clientHello()))
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first[0]).toBe(0x16)
  socket.destroy()
})

describe('what is no TLS behind CONNECT ends the connection (class 26)', () => {
  test.each([
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['plain HTTP', goodRequest()],
    ['a second CONNECT', 'CONNECT evil.com:443 HTTP/1.1\r\n\r\n'],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['random bytes', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 151) % 251)).toString('latin1')],
    ['a record of 65,535 bytes', `\x16\x03\x01\xff\xff${'x'.repeat(65_535)}`],
    ['SSLv2', `\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10${'\0'.repeat(60)}`],
  ])('%s', async (_what, bytes) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const socket = await openTunnel(proxy.port)
    socket.write(Buffer.from(bytes, 'latin1'))
    const answer = await readUntilClosed(socket, 3_000)

    expect(answer.toString('latin1')).not.toContain('HTTP/')
    expect(upstream.bytes).toBe('')
    await expectServed(proxy, upstream)
  })

  test('silence, when the handshake has had its time', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { limits: { handshakeTimeoutMs: 200 } })

    const socket = await openTunnel(proxy.port)
    await readUntilClosed(socket, 2_000)

    expect(proxy.events.at(-1)).toMatchObject({ reason: expect.stringContaining('timeout') })
  })

  test('silence behind the handshake, when the head has had its time', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { limits: { headTimeoutMs: 300 } })

    const socket = await proxy.openInference()
    await readUntilClosed(socket, 3_000)
  })
})

test('a client that offers HTTP/2 only is refused cleanly (class 27)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const ca = proxy.rootCertificate

  for (const ALPNProtocols of [['h2'], ['acme-tls/1'], Array.from({ length: 50 }, (_, index) => `p${index}`)]) {
    const verdict = await handshake({ socket: await openTunnel(proxy.port), ca, ALPNProtocols })
    expect(verdict).toHaveProperty('error')
  }
  for (const ALPNProtocols of [['h2', 'http/1.1'], ['http/1.1'], undefined]) {
    const options = { socket: await openTunnel(proxy.port), ca, ...(ALPNProtocols && { ALPNProtocols }) }
    const verdict = await handshake(options)
    expect(verdict).toHaveProperty('socket')
  }
  await expectServed(proxy, upstream)
})

test('TLS 1.0 and 1.1 are refused (class 28)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const socket = await openTunnel(proxy.port)
    const verdict = await handshake({
      socket,
      ca: proxy.rootCertificate,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    expect(verdict).toHaveProperty('error')
  }
})

describe('a client that does not trust our CA is told of in an event', () => {
  test('one that says so', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const parameters = ['s_client', '-proxy', `127.0.0.1:${proxy.port}`, '-connect', 'inference.local:443']
    await runProgram('openssl', [...parameters, '-servername', 'inference.local', '-verify_return_error'])

    expect(proxy.events.at(-1)).toMatchObject({
      action: 'deny',
      reason: expect.stringMatching(/handshake failed.*unknown ca/i),
    })
  })

  test('one that only leaves', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const verdict = await handshake({ socket: await openTunnel(proxy.port) })

    expect(verdict).toHaveProperty('error')
    await expect.poll(() => proxy.events.length).toBe(2)
    expect(proxy.events.at(-1)).toMatchObject({ action: 'deny', reason: expect.stringMatching(/trust/) })
  })
})
