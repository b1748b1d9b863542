import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pipelinedHandshake } from '../proxy/pipelined-handshake.js'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { clientHello } from '../tls/client-hello.js'
import { fieldsNamed } from './answer.js'
import { converse, converseOn, LISTENERS } from './converse.js'
import { expectRefused, expectServed, goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const CONNECT = 'CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n'
const MALFORMED = { status: 400, code: 'invalid_request' }

describe('CONNECT carries no content (class 12)', () => {
  test.each([
    'Content-Length: 5\r\n\r\nhello',
    'Content-Length: 1\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding: identity\r\n\r\n',
    'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Content-Length: 0\r\nContent-Length: 0\r\n\r\n',
    'Content-Length: 00\r\n\r\n',
  ])('%j gets 400 and the connection ends', async (rest) => {
    await expectRefused('proxy port', `${CONNECT}${rest}`, MALFORMED)
  })
})

describe('bytes sent behind CONNECT without waiting (class 13)', () => {
  test('are the beginning of the tunnel, read exactly once', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const tls = await pipelinedHandshake(proxy)
    const { answers } = await converseOn(tls, goodRequest('Connection: close'))

    expect(answers).toEqual([expect.objectContaining({ status: 200, whole: true })])
    expect(upstream.connections).toHaveLength(1)
  })
})

describe('bytes behind a refused CONNECT are never parsed (class 14)', () => {
  test.each([
    ['a request', 'GET http://inference.local/ HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a CONNECT that would be served', 'CONNECT inference.local:443 HTTP/1.1\r\n\r\n'],
    ['a CONNECT and a request', `CONNECT inference.local:443 HTTP/1.1\r\n\r\n${goodRequest()}`],
    ['a request that would be served', goodRequest()],
    ['garbage', '\0\xff\x16\x03'.repeat(10_000)],
  ])('%s', async (_what, behind) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, endedBy } = await converse(proxy, 'proxy port', `CONNECT evil.com:443 HTTP/1.1\r\n\r\n${behind}`)

    expect(answers).toEqual([expect.objectContaining({ status: 403, code: 'destination_denied' })])
    expect(endedBy).toBe('proxy')
    expect(proxy.events).toHaveLength(1)
    expect(upstream.bytes).toBe('')
  })

  test('also when they come later', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const socket = await proxy.connectRaw()
    socket.write('CONNECT evil.com:443 HTTP/1.1\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    await converseOn(socket, 'CONNECT inference.local:443 HTTP/1.1\r\n\r\n')

    expect(proxy.events).toHaveLength(1)
  })

  test('and a CONNECT behind another request is never served while that is being answered', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const refused = 'GET http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n'
    const { answers, endedBy } = await converse(proxy, 'proxy port', `${refused}${CONNECT}\r\n`)

    expect(answers.map(({ status }) => status)).toEqual([403])
    expect(endedBy).toBe('proxy')
  })
})

describe('what is no HTTP/1.1 gets a clean answer or a clean end (class 18)', () => {
  test('an HTTP/1.0 CONNECT is served, with or without Host: Python sends it', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    for (const head of ['CONNECT inference.local:443 HTTP/1.0\r\n\r\n', CONNECT.replace('1.1', '1.0').concat('\r\n')]) {
      const { wire } = await converse(proxy, 'proxy port', head, { waitMs: 100 })
      expect(wire).toBe('HTTP/1.1 200 Connection Established\r\n\r\n')
    }
  })

  test.each([
    ['HTTP/0.9', 'GET /\r\n\r\n', 400],
    ['HTTP/0.9 with CONNECT', 'CONNECT inference.local:443\r\n\r\n', 400],
    ['HTTP/1.2', 'CONNECT inference.local:443 HTTP/1.2\r\n\r\n', 505],
    ['HTTP/2.0 in the line', 'CONNECT inference.local:443 HTTP/2.0\r\n\r\n', 505],
    ['HTTP/3.0 in the line', 'CONNECT inference.local:443 HTTP/3.0\r\n\r\n', 505],
    ['HTTP/9.9', 'GET http://x/ HTTP/9.9\r\n\r\n', 505],
    ['HTTP/1.1.1', 'GET http://x/ HTTP/1.1.1\r\n\r\n', [400, 505]],
    ['HTTP/11', 'GET http://x/ HTTP/11\r\n\r\n', [400, 505]],
    ['lower-case http/1.1', 'GET http://x/ http/1.1\r\n\r\n', 400],
    ['ICY', 'GET http://x/ ICY/1.1\r\n\r\n', 400],
    ['a SOCKS4 greeting', '\x04\x01\x01\xbb\x7f\x00\x00\x01\x00', 400],
    ['a SOCKS5 greeting', '\x05\x01\x00', 400],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n', [400, 501]],
    ['an RDP cookie', '\x03\x00\x00\x13\x0e\xe0\x00\x00', 400],
    ['a NUL', '\0', 400],
    ['blank lines and then nothing good', '\r\n\r\n\r\nnonsense\r\n\r\n', [400, 501]],
    ['only a method', 'CONNECT\r\n\r\n', 400],
    ['only spaces', '    \r\n\r\n', 400],
  ])('%s', async (_what, bytes, status) => {
    await expectRefused('proxy port', bytes, { status })
  })

  test('the preface of HTTP/2 gets an answer or an end, at once', async () => {
    for (const listener of LISTENERS) {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers, endedBy, tookMs } = await converse(proxy, listener, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

      expect(answers.map(({ status }) => status).filter((status) => ![400, 505].includes(status))).toEqual([])
      expect(endedBy).toBe('proxy')
      expect(tookMs).toBeLessThan(8_000)
      expect(upstream.bytes).toBe('')
      await expectServed(proxy, upstream)
    }
  })

  test('TLS on the plain port is told to write http://', async () => {
    const { answers } = await expectRefused('proxy port', await clientHello(), MALFORMED)

    expect(answers[0]?.content).toContain('http://')
  })
})

describe('Proxy-Authorization (class 19)', () => {
  const token = 'tk-0123456789'
  const basic = (userAndPassword: string) => `Basic ${Buffer.from(userAndPassword).toString('base64')}`
  const access = { tokens: [{ token: 'another-token' }, { token }], trustOwnUser: false }
  const connectWith = (...values: readonly string[]) =>
    `${CONNECT}${values.map((value) => `Proxy-Authorization: ${value}\r\n`).join('')}\r\n`

  test.each([
    ['Basic, any user', basic(`nemoclaw:${token}`)],
    ['Basic, no user', basic(`:${token}`)],
    ['basic in lower case', basic(`x:${token}`).replace('Basic', 'basic')],
    ['Bearer', `Bearer ${token}`],
    ['BEARER', `BEARER ${token}`],
    ['Bearer behind two spaces', `Bearer  ${token}`],
  ])('%s with the right token is served', async (_what, value) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    const { wire } = await converse(proxy, 'proxy port', connectWith(value), { waitMs: 100 })

    expect(wire).toBe('HTTP/1.1 200 Connection Established\r\n\r\n')
  })

  test.each([
    ['none', []],
    ['an empty one', ['']],
    ['a wrong token', [basic('nemoclaw:wrong')]],
    ['a wrong Bearer', ['Bearer wrong']],
    ['the right token twice', [basic(`x:${token}`), basic(`x:${token}`)]],
    ['the right token and a wrong one', [basic(`x:${token}`), basic('x:wrong')]],
    ['two in one line', [`${basic(`x:${token}`)}, ${basic(`x:${token}`)}`]],
    ['the token as user', [basic(`${token}:`)]],
    ['Basic without a colon', [basic(token)]],
    ['Basic that is no base64', [`Basic ${token}`]],
    ['Basic with junk in the base64', [`Basic ${Buffer.from(`x:${token}`).toString('base64')}!!`]],
    ['Basic with a space in the base64', ['Basic eDp0 ay0w']],
    ['Bearer with Basic content', [basic(`x:${token}`).replace('Basic', 'Bearer')]],
    ['Basic with Bearer content', [`Basic ${token}`]],
    ['no scheme', [token]],
    ['another scheme', [`Digest username="x", response="${token}"`]],
    ['Negotiate', [`Negotiate ${token}`]],
    ['an empty Basic', ['Basic ']],
    ['an empty password', [basic('x:')]],
    ['a token with a suffix', [`Bearer ${token}0`]],
    ['a prefix of a token', [`Bearer ${token.slice(0, -1)}`]],
    ['a token of 10 KB', [`Bearer ${'a'.repeat(10_000)}`]],
    ['a password with a NUL', [basic(`x:${token}\0`)]],
  ])('%s gets 407, and the way to ask again', async (_what, values) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    const { answers } = await converse(proxy, 'proxy port', connectWith(...values), { waitMs: 100 })

    expect(answers).toEqual([expect.objectContaining({ status: 407, code: 'proxy_authentication_required' })])
    expect(fieldsNamed(answers[0], 'proxy-authenticate')).toEqual([expect.stringMatching(/^Basic realm=/)])
    expect(upstream.bytes).toBe('')
  })

  test('one of 1 MB gets 431', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    const { answers } = await converse(proxy, 'proxy port', connectWith(`Basic ${'A'.repeat(1_000_000)}`))

    expect(answers).toEqual([expect.objectContaining({ status: 431 })])
  })

  test.each([basic(`x:${token}`), `Bearer ${token}`])(
    'a client that was asked tries again on the same connection: %.6s',
    async (value) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

      const socket = await proxy.connectRaw()
      for (const attempt of [connectWith(), connectWith('Basic eDp5')]) {
        socket.write(attempt)
        const [answer] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])))
        expect(answer.toString()).toMatch(/^HTTP\/1\.1 407 /)
        expect(answer.toString().toLowerCase()).not.toContain('connection: close')
      }
      socket.write(connectWith(value))
      const [answer] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])))

      expect(answer.toString()).toBe('HTTP/1.1 200 Connection Established\r\n\r\n')
      socket.destroy()
    },
  )

  test('guessing on one connection comes to an end', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    const guesses = Array.from({ length: 1_000 }, (_, index) => connectWith(`Bearer ${index}`)).join('')
    const { answers, endedBy } = await converse(proxy, 'proxy port', guesses)

    expect(answers.length).toBeLessThan(10)
    expect(answers.every(({ status }) => status === 407)).toBe(true)
    expect(endedBy).toBe('proxy')
  })

  test('a forward without a token gets 407 with the way to ask again', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    const { answers } = await converse(
      proxy,
      'proxy port',
      'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n',
      { waitMs: 100 },
    )

    expect(answers).toEqual([expect.objectContaining({ status: 407 })])
    expect(fieldsNamed(answers[0], 'proxy-authenticate')).toHaveLength(1)
  })

  test('a token is never in what the proxy tells', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { access })

    await converse(proxy, 'proxy port', connectWith(`Bearer ${token}`, 'Bearer wrong-token'), { waitMs: 100 })

    expect(JSON.stringify(proxy.events)).not.toMatch(/tk-0123456789|wrong-token/)
  })
})

describe('a head that is too large gets 414 or 431 (class 20)', () => {
  const fields = (count: number, value = 'x') =>
    Array.from({ length: count }, (_, index) => `X-${index}: ${value}\r\n`).join('')

  test.each([
    ['a request line of 64 KB', `GET http://x/${'a'.repeat(65_536)} HTTP/1.1\r\nHost: x\r\n\r\n`, [414, 431]],
    ['a request line of 9 KB', `GET http://x/${'a'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
    ['an authority of 64 KB', `CONNECT ${'a'.repeat(65_536)}:443 HTTP/1.1\r\n\r\n`, [414, 431]],
    ['200 fields', `${CONNECT}${fields(200)}\r\n`, 431],
    ['3,000 fields', `${CONNECT}${fields(3_000)}\r\n`, 431],
    ['a block of 100 KB', `${CONNECT}${fields(100, 'a'.repeat(1_000))}\r\n`, 431],
    ['one field of 1 MB', `${CONNECT}X: ${'a'.repeat(1_000_000)}\r\n\r\n`, 431],
    ['a field name of 64 KB', `${CONNECT}${'a'.repeat(65_536)}: x\r\n\r\n`, 431],
  ])('%s', async (_what, bytes, status) => {
    await expectRefused('proxy port', bytes, { status })
  })

  test.each([
    ['200 fields', fields(200), 431],
    ['a block of 100 KB', fields(100, 'a'.repeat(1_000)), 431],
  ])('%s in the tunnel', async (_what, block, status) => {
    await expectRefused('tunnel', `GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n${block}\r\n`, { status })
  })

  test('a request line of 64 KB in the tunnel', async () => {
    const line = `GET /v1/models?${'a'.repeat(65_536)} HTTP/1.1\r\n`
    await expectRefused('tunnel', `${line}Host: inference.local\r\n\r\n`, { status: [414, 431] })
  })

  test('leaves no descriptor open', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    await expectServed(proxy, upstream)
    const before = readdirSync('/proc/self/fd').length

    for (let round = 0; round < 20; round++) {
      await converse(proxy, 'proxy port', `${CONNECT}X: ${'a'.repeat(1_000_000)}\r\n\r\n`)
    }

    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
  })
})
