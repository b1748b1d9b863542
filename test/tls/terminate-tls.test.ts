import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { describe, expect, test } from 'vitest'
import { alteredSocket } from './altered-socket.js'
import { clientHello, ENCRYPTED_CLIENT_HELLO, inRecordsOf, withExtension, withServerNames } from './client-hello.js'
import { startConnectServer } from './connect-server.js'
import { handshake, openTunnel, readUntilClosed } from './open-tunnel.js'
import { openssl } from './openssl-chain.js'
import { runProgram } from './run-program.js'
import { temporaryFolder } from './temporary-folder.js'

const authority = await issueAuthority({ now: new Date() })
const certificates = await ServerCertificates.issuedBy(authority)
const ca = authority.rootCertificatePem

const UNRECOGNIZED_NAME_ALERT = Buffer.from('15030300020270', 'hex')
const HANDSHAKE_RECORD = 22
const SECURED = { kind: 'secured', protocol: 'TLSv1.3', resumed: false }
const NAME_REFUSED = { kind: 'failed', reason: 'server_name_not_served' }

/** What the server says to a ClientHello: the first bytes, or all until it closes. */
async function answerTo(port: number, hello: Buffer): Promise<Buffer> {
  const socket = await openTunnel(port)
  socket.write(hello)
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return first
}

describe('server name', () => {
  test('serves a client that sends none: it has said with CONNECT whom it means', async () => {
    await using server = await startConnectServer(certificates)

    const socket = await openTunnel(server.port)
    const verdict = await handshake({ socket, ca, servername: '', host: 'inference.local' })

    expect(verdict).toHaveProperty('socket')
    await server.ended(1)
    expect(server.outcomes).toEqual([SECURED])
  })

  test.each(['github.com', 'x.inference.local', 'inference.local.evil.com', 'inference.localx', 'localhost'])(
    'refuses %s with the alert unrecognized_name',
    async (servername) => {
      await using server = await startConnectServer(certificates)

      const verdict = await handshake({ socket: await openTunnel(server.port), ca, servername })

      expect(verdict).toMatchObject({ error: { code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME' } })
      expect(server.outcomes).toEqual([NAME_REFUSED])
    },
  )

  test('tells openssl s_client the reason, in TLS 1.2 as well', async () => {
    await using server = await startConnectServer(certificates)

    for (const version of ['-tls1_2', '-tls1_3']) {
      const { output } = await runProgram('openssl', [
        ...['s_client', version, '-proxy', `127.0.0.1:${server.port}`, '-connect', 'inference.local:443'],
        ...['-servername', 'github.com'],
      ])
      expect(output).toMatch(/unrecognized name.*SSL alert number 112/)
    }
  })

  test.each(['INFERENCE.LOCAL', 'Inference.Local', 'inference.local.', 'INFERENCE.LOCAL.'])(
    'takes %s for inference.local',
    async (name) => {
      await using server = await startConnectServer(certificates)

      const answer = await answerTo(server.port, withServerNames(await clientHello(), Buffer.from(name)))

      expect(answer[0]).toBe(HANDSHAKE_RECORD)
    },
  )

  test.each([
    ['an IP literal', [Buffer.from('127.0.0.1')]],
    ['two trailing dots', [Buffer.from('inference.local..')]],
    ['a NUL behind our name', [Buffer.from('inference.local\0.evil.com')]],
    ['300 bytes', [Buffer.from('a'.repeat(300))]],
    ['bytes that are no UTF-8', [Buffer.from('ff fe 00', 'hex')]],
  ])('refuses %s with an alert and closes', async (_what, names) => {
    await using server = await startConnectServer(certificates)

    const socket = await openTunnel(server.port)
    socket.write(withServerNames(await clientHello(), ...names))
    const answer = await readUntilClosed(socket, 5000)

    expect(answer).toEqual(UNRECOGNIZED_NAME_ALERT)
  })

  test.each([
    ['ours first', 'inference.local', 'github.com'],
    ['ours second', 'github.com', 'inference.local'],
  ])('refuses two names, %s', async (_what, ...names) => {
    await using server = await startConnectServer(certificates)

    const socket = await openTunnel(server.port)
    socket.write(withServerNames(await clientHello(), ...names.map((name) => Buffer.from(name))))
    const answer = await readUntilClosed(socket, 5000)

    // OpenSSL itself: decode_error.
    expect(answer).toEqual(Buffer.from('15030300020232', 'hex'))
  })

  test('takes an empty name for none, or refuses it, and lives', async () => {
    await using server = await startConnectServer(certificates)

    const answer = await answerTo(server.port, withServerNames(await clientHello(), Buffer.alloc(0)))

    expect([HANDSHAKE_RECORD, UNRECOGNIZED_NAME_ALERT[0]]).toContain(answer[0])
    expect(await handshake({ socket: await openTunnel(server.port), ca })).toHaveProperty('socket')
  })

  test('looks at the outer name where the client hides another (ECH)', async () => {
    await using server = await startConnectServer(certificates)
    const withEch = async (servername: string) =>
      withExtension(await clientHello({ servername }), ENCRYPTED_CLIENT_HELLO, Buffer.alloc(200, 7))

    expect((await answerTo(server.port, await withEch('inference.local')))[0]).toBe(HANDSHAKE_RECORD)
    expect(await answerTo(server.port, await withEch('github.com'))).toEqual(UNRECOGNIZED_NAME_ALERT)
  })

  test('closes at the limit where the client does not even take the alert', async () => {
    await using server = await startConnectServer(certificates, {
      handshakeTimeoutMs: 300,
      beforeTls: async (client) => void client.write(Buffer.alloc(16 << 20)),
    })
    const socket = await openTunnel(server.port)

    socket.write(await clientHello({ servername: 'github.com' }))
    await server.ended(1)
    await once(server.sockets[0]!, 'close')

    expect(server.outcomes).toEqual([NAME_REFUSED])
    socket.destroy()
  })

  test('closes a session that is resumed under another name', async () => {
    await using server = await startConnectServer(certificates)
    const first = await handshake({ socket: await openTunnel(server.port), ca })
    if (!('socket' in first)) throw first.error
    first.socket.on('data', () => {})
    const [session] = (await once(first.socket, 'session')) as [Buffer]

    const again = await handshake({ socket: await openTunnel(server.port), ca, session, servername: 'github.com' })
    if ('socket' in again) await once(again.socket, 'close')

    expect(server.outcomes).toEqual([SECURED, NAME_REFUSED])
  })

  test('costs no certificate, whatever the names: 300 different ones leave the context as it is', async () => {
    await using server = await startConnectServer(certificates)
    const before = certificates.secureContext

    for (let count = 0; count < 300; count += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const servername = `host-${count + index}.example`
          expect(await handshake({ socket: await openTunnel(server.port), ca, servername })).toHaveProperty('error')
        }),
      )
    }

    expect(certificates.secureContext).toBe(before)
    expect(server.outcomes).toHaveLength(300)
  })
})

describe('ClientHello', () => {
  test('may come behind CONNECT without waiting for the answer', async () => {
    await using server = await startConnectServer(certificates)
    const socket = connect(server.port, '127.0.0.1')

    socket.write(
      Buffer.concat([Buffer.from('CONNECT inference.local:443 HTTP/1.1\r\nHost: x\r\n\r\n'), await clientHello()]),
    )
    let received = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      if (received.length > 500) break
    }

    const answer = received.subarray(received.indexOf('\r\n\r\n') + 4)
    expect(answer[0]).toBe(HANDSHAKE_RECORD)
  })

  test('may come a byte at a time', async () => {
    await using server = await startConnectServer(certificates)
    const byBytes = alteredSocket(await openTunnel(server.port), function* (chunk) {
      for (let index = 0; index < chunk.length; index += 1) yield chunk.subarray(index, index + 1)
    })

    expect(await handshake({ socket: byBytes, ca })).toHaveProperty('socket')
  })

  test('may come in many records', async () => {
    await using server = await startConnectServer(certificates)
    const inRecords = alteredSocket(await openTunnel(server.port), function* (chunk) {
      // Only the ClientHello is in the clear; what follows cannot be cut.
      yield chunk[0] === HANDSHAKE_RECORD && chunk[5] === 1 ? inRecordsOf(50, chunk) : chunk
    })

    expect(await handshake({ socket: inRecords, ca })).toHaveProperty('socket')
  })

  test('may be larger than a record', async () => {
    await using server = await startConnectServer(certificates)
    const ALPNProtocols = [...Array.from({ length: 100 }, (_, index) => `${index}-${'x'.repeat(200)}`), 'http/1.1']

    const verdict = await handshake({ socket: await openTunnel(server.port), ca, ALPNProtocols })

    expect(verdict).toHaveProperty('socket')
  })

  test('that never ends is cut off at the limit, though a byte comes every now and then', async () => {
    await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 600 })
    const socket = await openTunnel(server.port)
    const hello = await clientHello()
    let sent = 0
    const drip = setInterval(() => socket.write(hello.subarray(sent, ++sent)), 50)

    await readUntilClosed(socket, 5000)
    clearInterval(drip)

    expect(sent).toBeLessThan(hello.length)
    expect(server.outcomes).toEqual([{ kind: 'failed', reason: 'timeout' }])
  })
})

describe('what is not TLS', () => {
  test.each([
    ['an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')],
    ['plain HTTP', Buffer.from('GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n\r\n')],
    ['HTTP/2 with prior knowledge', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a record of the wrong kind', Buffer.from('17030300020000', 'hex')],
    ['zero bytes', Buffer.alloc(2000)],
    ['a truncated ClientHello that is then garbage', Buffer.from(`1603010100010000fc0303${'ee'.repeat(300)}`, 'hex')],
  ])('%s is refused and closed', async (_what, bytes) => {
    await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 2000 })
    const socket = await openTunnel(server.port)

    socket.write(bytes)
    await readUntilClosed(socket, 5000)

    expect(server.outcomes).toEqual([{ kind: 'failed', reason: 'protocol_error', cause: expect.any(Error) }])
  })

  test('silence is closed at the limit', async () => {
    await using server = await startConnectServer(certificates, { handshakeTimeoutMs: 150 })

    await readUntilClosed(await openTunnel(server.port), 3000)

    expect(server.outcomes).toEqual([{ kind: 'failed', reason: 'timeout' }])
    expect(server.sockets.map((socket) => socket.destroyed)).toEqual([true])
  })

  test('garbage after the handshake closes the connection', async () => {
    await using server = await startConnectServer(certificates)
    const socket = await openTunnel(server.port)
    const verdict = await handshake({ socket, ca })
    expect(verdict).toHaveProperty('socket')
    await server.ended(1)

    socket.write('this is no record')
    await once(server.sockets[0]!, 'close')

    expect(server.sockets[0]!.destroyed).toBe(true)
  })
})

describe('protocol', () => {
  test.each([
    ['http/1.1', ['http/1.1'], 'http/1.1'],
    ['http/1.1 behind h2', ['h2', 'http/1.1'], 'http/1.1'],
    ['http/1.1 behind 50 others', [...Array.from({ length: 50 }, (_, index) => `p${index}`), 'http/1.1'], 'http/1.1'],
    ['none', undefined, false],
  ])('ALPN with %s is served', async (_what, ALPNProtocols, agreed) => {
    await using server = await startConnectServer(certificates)

    const verdict = await handshake({
      socket: await openTunnel(server.port),
      ca,
      ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
    })

    expect(verdict).toMatchObject({ socket: { alpnProtocol: agreed } })
  })

  test.each([
    ['h2 only', ['h2']],
    ['acme-tls/1 only', ['acme-tls/1']],
  ])('ALPN with %s is refused with its alert', async (_what, ALPNProtocols) => {
    await using server = await startConnectServer(certificates)

    const verdict = await handshake({ socket: await openTunnel(server.port), ca, ALPNProtocols })

    expect(verdict).toMatchObject({ error: { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' } })
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused with its alert', async (version) => {
    await using server = await startConnectServer(certificates)

    const verdict = await handshake({
      socket: await openTunnel(server.port),
      ca,
      minVersion: version,
      maxVersion: version,
      // OpenSSL offers these versions only to those who ask for it.
      ciphers: 'DEFAULT@SECLEVEL=0',
    })

    expect(verdict).toMatchObject({ error: { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' } })
  })

  test('TLS 1.2 is served, with forward secrecy', async () => {
    await using server = await startConnectServer(certificates)

    const verdict = await handshake({ socket: await openTunnel(server.port), ca, maxVersion: 'TLSv1.2' })

    if (!('socket' in verdict)) throw verdict.error
    expect(verdict.socket.getCipher().name).toMatch(/^ECDHE-/)
  })

  test('renegotiation closes the connection', async () => {
    await using server = await startConnectServer(certificates)
    const verdict = await handshake({ socket: await openTunnel(server.port), ca, maxVersion: 'TLSv1.2' })
    if (!('socket' in verdict)) throw verdict.error

    verdict.socket.renegotiate({}, () => {})

    await once(verdict.socket, 'close')
    expect(server.sockets[0]!.destroyed).toBe(true)
  })

  test('a session resumes without another signature, and its ticket allows no early data', async () => {
    using folder = temporaryFolder()
    await using server = await startConnectServer(certificates)
    const sessionPath = join(folder.path, 'session.pem')
    const request = folder.write('request', 'GET / HTTP/1.1\r\nHost: inference.local\r\nConnection: close\r\n\r\n')
    const rootPath = folder.write('root.pem', ca)
    const visit = (...parameters: readonly string[]) =>
      runProgram('sh', [
        ...['-c', 'exec openssl s_client "$@" < "$0"', request],
        ...['-proxy', `127.0.0.1:${server.port}`, '-connect', 'inference.local:443', '-ign_eof'],
        ...['-CAfile', rootPath, '-verify_return_error', ...parameters],
      ])

    await visit('-sess_out', sessionPath)
    await visit('-sess_in', sessionPath, '-early_data', request)

    expect(await openssl('sess_id', '-in', sessionPath, '-noout', '-text')).toContain('Max Early Data: 0')
    expect(server.outcomes).toEqual([SECURED, { ...SECURED, resumed: true }])
  })
})
