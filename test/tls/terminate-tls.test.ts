import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { describe, expect, test } from 'vitest'
import { alteredSocket } from './altered-socket.js'
import { clientHello, inRecordsOf } from './client-hello.js'
import { startConnectServer } from './connect-server.js'
import { handshake, openTunnel, readUntilClosed } from './open-tunnel.js'
import { openssl } from './openssl-chain.js'
import { runProgram } from './run-program.js'
import { temporaryFolder } from './temporary-folder.js'

const authority = await issueAuthority({ now: new Date() })
const certificates = await ServerCertificates.issuedBy(authority)
const ca = authority.rootCertificatePem

const HANDSHAKE_RECORD = 22
const SECURED = { kind: 'secured', protocol: 'TLSv1.3', resumed: false }

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
