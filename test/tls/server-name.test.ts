import { once } from 'node:events'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { describe, expect, test } from 'vitest'
import { clientHello, ENCRYPTED_CLIENT_HELLO, withExtension, withServerNames } from './client-hello.js'
import { startConnectServer } from './connect-server.js'
import { handshake, openTunnel, readUntilClosed } from './open-tunnel.js'
import { runProgram } from './run-program.js'

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
