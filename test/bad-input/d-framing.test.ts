import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse, LISTENERS, type Listener } from './converse.js'
import { expectRefused, expectServed, GOOD_REQUEST_CONTENT } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const CONTENT = GOOD_REQUEST_CONTENT
const LENGTH = CONTENT.length
const CHUNKED = `${LENGTH.toString(16)}\r\n${CONTENT}\r\n0\r\n\r\n`

/** A request for either parser, whose framing fields and content are the test's. */
function request(listener: Listener, rest: string, version = 'HTTP/1.1'): string {
  return listener === 'tunnel'
    ? `POST /v1/chat/completions ${version}\r\nHost: inference.local\r\nContent-Type: application/json\r\n${rest}`
    : `POST http://example.com/ ${version}\r\nHost: example.com\r\n${rest}`
}

/** Behind a request that two parsers frame differently; it must never be seen as one. */
const SMUGGLED = 'GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n\r\n'

/** Head fields, blank line and content that get 400 on both parsers. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'Content-Length and Transfer-Encoding exclude each other (class 40)': [
    `Content-Length: ${LENGTH}\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    `Transfer-Encoding: chunked\r\nContent-Length: ${LENGTH}\r\n\r\n${CHUNKED}`,
    `Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\n${SMUGGLED}`,
    `Content-Length: ${LENGTH}\r\nTransfer-Encoding: identity\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\nTransfer-Encoding:\r\n\r\n${CONTENT}`,
    `content-length: ${LENGTH}\r\ntransfer-encoding: CHUNKED\r\n\r\n${CHUNKED}`,
  ],
  'two Content-Length that differ (class 41)': [
    `Content-Length: ${LENGTH}\r\nContent-Length: 0\r\n\r\n${CONTENT}`,
    `Content-Length: 0\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\ncontent-length: ${LENGTH + 1}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}, ${LENGTH + 1}\r\n\r\n${CONTENT}`,
  ],
  'two Content-Length that agree (class 42)': [
    `Content-Length: ${LENGTH}\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\nCONTENT-LENGTH: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}, ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH},${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH},\r\n\r\n${CONTENT}`,
  ],
  'a Content-Length that is no plain decimal number (class 43)': [
    ...['+29', '-1', '0x1d', '29.0', '2 9', '', '29a', '\x0b29', '2e1', '٢٩', '"29"', '29;', '_29'],
    ...['18446744073709551616', '9223372036854775808', '99999999999999999999999', '029', '0000029', '00'],
  ].map((value) => `Content-Length: ${Buffer.from(value).toString('latin1')}\r\n\r\n${CONTENT}`),
  'a Transfer-Encoding that is not exactly "chunked" (class 44)': [
    ...['chunked, identity', 'identity, chunked', 'identity', 'xchunked', 'chunked\x0b', '\x0bchunked', 'chunkedx'],
    ...['chunked;q=1', 'chunked,', ',chunked', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', 'gzip', 'deflate'],
    ...['"chunked"', "'chunked'", 'x', '', 'chu nked', 'chunked\0', 'chunked\xa0', '\x00chunked', 'cow, chunked'],
    ...['Chunked', 'CHUNKED', 'chunKed'],
  ]
    .map((value) => `Transfer-Encoding: ${value}\r\n\r\n${CHUNKED}`)
    .concat([
      `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding:\r\n chunked\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding: identity,\r\n chunked\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding : chunked\r\n\r\n${CHUNKED}`,
      `Transfer-Encoding\t: chunked\r\n\r\n${CHUNKED}`,
      `X: y\r\n Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      `X: y\rTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      `X: y\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    ]),
  'line ends that are not CRLF (class 48)': [
    `Content-Length: ${LENGTH}\n\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\n\n${CONTENT}`,
    `Content-Length: ${LENGTH}\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\r${CONTENT}`,
    `X: a\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `X: a\rb\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `X: a\r\rb\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `X: \r\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\n\rX${CONTENT}`,
    `Content-Length: ${LENGTH}\r\n\rX: y\r\n\r\n${CONTENT}`,
    `\rContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: ${LENGTH}\r\r\n\r\n${CONTENT}`,
  ],
  'white space where a field name begins or ends, and folded lines (class 49)': [
    ` Content-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `\tContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length : ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length\t: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length\r\n: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length:\r\n ${LENGTH}\r\n\r\n${CONTENT}`,
    `Content-Length: 2\r\n 9\r\n\r\n${CONTENT}`,
    `X: a\r\n b\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `X: a\r\n\tb\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    `X: a\r\n \r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
  ],
  'names and values no field can have (classes 54 and 55)': [
    ...[
      '',
      'X Y',
      'X@',
      'X,Y',
      'X;Y',
      'X(Y)',
      'X"Y"',
      'X/Y',
      'X[Y]',
      'X{Y}',
      'X=Y',
      'X\\Y',
      'X\0',
      'X\x7f',
      '\xe9',
      '\xc3\xa9',
    ],
  ]
    .map((name) => `${name}: x\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`)
    .concat(
      ['\0', 'a\0b', 'a\x01b', 'a\x08b', 'a\x1bb', 'a\x7fb'].map(
        (value) => `X: ${value}\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
      ),
      `no colon\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`,
    ),
}

for (const listener of LISTENERS) {
  describe(`on the ${listener}`, () => {
    for (const [name, cases] of Object.entries(REFUSED)) {
      describe(`${name} get 400 and the connection ends`, () => {
        test.each(cases)('%j', async (rest) => {
          await expectRefused(listener, request(listener, rest), { status: 400, code: 'invalid_request' })
        })
      })
    }

    describe('Transfer-Encoding on HTTP/1.0 (class 45) gets 400', () => {
      test.each([
        `Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
        `Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
        `Transfer-Encoding: identity\r\n\r\n${CONTENT}`,
      ])('%j', async (rest) => {
        await expectRefused(listener, request(listener, rest, 'HTTP/1.0'), { status: 400 })
      })
    })

    describe('the request line (class 48)', () => {
      test.each([
        ['a bare LF', request(listener, '\r\n').replace('\r\n', '\n')],
        ['a bare CR', request(listener, '\r\n').replace('\r\n', '\r')],
        ['a space before it', ` ${request(listener, '\r\n')}`],
        ['a tab for a space', request(listener, '\r\n').replace(' ', '\t')],
        ['text behind the version', request(listener, '\r\n').replace('HTTP/1.1', 'HTTP/1.1 x')],
        ['a space behind the version', request(listener, '\r\n').replace('HTTP/1.1', 'HTTP/1.1 ')],
        ['a tab in the target', request(listener, '\r\n').replace('/v1', '/\tv1').replace('.com/', '.com/\t')],
        ['a NUL in the target', request(listener, '\r\n').replace('/v1', '/\0v1').replace('.com/', '.com/\0')],
      ])('%s gets 400', async (_what, bytes) => {
        await expectRefused(listener, bytes, { status: 400 })
      })
    })

    describe('methods (class 58)', () => {
      const withMethod = (method: string) => request(listener, 'Content-Length: 0\r\n\r\n').replace('POST', method)

      test.each(['TRACE', 'PROPFIND', 'LOCK', 'SEARCH', 'M-SEARCH', 'SOURCE', 'BIND', 'PURGE', 'QUERY'])(
        '%s gets 405 or 501',
        async (method) => {
          await expectRefused(listener, withMethod(method), { status: [405, 501] })
        },
      )

      test.each(['post', 'Post', 'GETX', 'FOO', 'A'.repeat(1_024), 'POST\0', 'P\xd6ST', 'PO ST', 'G E T'])(
        '%s gets 501, or 400 where it is no word',
        async (method) => {
          const expected = /^[!-~ ]+$/.test(method) ? [400, 405, 501] : 400
          await expectRefused(listener, withMethod(method), { status: expected })
        },
      )
    })
  })
}

test('CONNECT in the tunnel gets 405 (class 58)', async () => {
  const connect = 'CONNECT inference.local:443 HTTP/1.1\r\nHost: inference.local:443\r\n\r\n'
  const { answers } = await expectRefused('tunnel', connect, { status: [405, 501] })

  expect(answers[0]?.fields.map(([name]) => name)).toContain('allow')
})

describe('content whose chunks are malformed reaches no provider (class 46)', () => {
  const chunked = (chunks: string) => request('tunnel', `Transfer-Encoding: chunked\r\n\r\n${chunks}`)
  const size = LENGTH.toString(16)

  test.each([
    ['a negative size', `-${size}\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a signed size', `+${size}\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['0x', `0x${size}\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a space before the size', ` ${size}\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a space behind the size', `${size} \r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a tab behind the size', `${size}\t\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a size of 2^64', `10000000000000000\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['a size of 2^68', `100000000000000000\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['an empty size', `\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['no hexadecimal digit', `g\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['no CRLF behind the data', `${size}\r\n${CONTENT}0\r\n\r\n`],
    ['more data than announced', `${size}\r\n${CONTENT}x\r\n0\r\n\r\n`],
    ['less data than announced', `${size}\r\n${CONTENT.slice(1)}\r\n0\r\n\r\n`],
    ['LF for CRLF behind the size', `${size}\n${CONTENT}\r\n0\r\n\r\n`],
    ['LF for CRLF behind the data', `${size}\r\n${CONTENT}\n0\r\n\r\n`],
    ['CR for CRLF behind the size', `${size}\r${CONTENT}\r\n0\r\n\r\n`],
    ['a bare CR in the size line', `${size}\rx\r\n${CONTENT}\r\n0\r\n\r\n`],
    ['LF behind the last chunk', `${size}\r\n${CONTENT}\r\n0\n\n`],
    ['a malformed trailer', `${size}\r\n${CONTENT}\r\n0\r\nX Y: z\r\n\r\n`],
    ['a folded trailer', `${size}\r\n${CONTENT}\r\n0\r\nX: y\r\n z\r\n\r\n`],
    ['a request where the last chunk should be', `${size}\r\n${CONTENT}\r\n${SMUGGLED}`],
  ])('%s gets 400', async (_what, chunks) => {
    await expectRefused('tunnel', chunked(chunks), { status: 400, code: 'invalid_request' })
  })

  test.each(['7fffffffffffffff', '8000000000000000', 'ffffffffffffffff'])(
    'a chunk of %s bytes that stops early gets 400 or 413',
    async (length) => {
      const refusal = { status: [400, 413] }
      await expectRefused('tunnel', chunked(`${length}\r\n${CONTENT}`), refusal, { halfClose: true })
    },
  )

  test('200,000 chunks of one byte are one content', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })
    const content = `{"model":"m","x":"${'a'.repeat(200_000)}"}`
    const chunks = [...content].map((byte) => `1\r\n${byte}\r\n`).join('')

    const { answers } = await converse(proxy, 'tunnel', chunked(`${chunks}0\r\n\r\n`), { waitMs: 2_000 })

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes.split('\r\n\r\n')[1]).toBe(content.replace('"m"', '"mock/echo"'))
    expect(upstream.bytes).toMatch(/\r\ncontent-length: \d+\r\n/)
    expect(upstream.bytes).not.toMatch(/transfer-encoding/i)
  })

  test('on the proxy port too', async () => {
    const bytes = request('proxy port', `Transfer-Encoding: chunked\r\n\r\n-1\r\n${SMUGGLED}`)
    await expectRefused('proxy port', bytes, { status: [400, 403] })
  })
})

describe('chunk extensions are bounded and never forwarded (class 47)', () => {
  const chunked = (chunks: string) =>
    request('tunnel', `Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
  const size = LENGTH.toString(16)

  test.each([
    ['1 MB in one chunk', `${size};${'x'.repeat(1_000_000)}\r\n${CONTENT}\r\n0\r\n\r\n`, [400, 413, 431]],
    ['1 MB in a quoted value', `${size};x="${'x'.repeat(1_000_000)}"\r\n${CONTENT}\r\n0\r\n\r\n`, [400, 413, 431]],
    ['quoted CRLF', `${size};x="\r\n"\r\n${CONTENT}\r\n0\r\n\r\n`, 400],
    ['quoted CRLF and a request', `${size};x="\r\n\r\n${SMUGGLED}"\r\n${CONTENT}\r\n0\r\n\r\n`, 400],
    ['a bare LF', `${size};x=\ny\r\n${CONTENT}\r\n0\r\n\r\n`, 400],
    ['a bare CR', `${size};x=\ry\r\n${CONTENT}\r\n0\r\n\r\n`, 400],
    ['a NUL', `${size};x=\0\r\n${CONTENT}\r\n0\r\n\r\n`, 400],
  ])('%s', async (_what, chunks, status) => {
    await expectRefused('tunnel', chunked(chunks), { status })
  })

  test('a short one is read past', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', chunked(`${size};name="va lue"\r\n${CONTENT}\r\n0\r\n\r\n`))

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).not.toContain('va lue')
  })
})

test('content that comes in chunks leaves with a Content-Length, trailers dropped (class 50)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const trailers = [
    'Authorization: Bearer sk-trailer',
    'Host: evil.com',
    'Content-Length: 5',
    'X-Api-Key: sk-trailer',
    'Transfer-Encoding: chunked',
    'Connection: authorization',
    'User-Agent: trailer',
  ].join('\r\n')
  const bytes = request(
    'tunnel',
    `Connection: close, te\r\nTE: trailers\r\nTrailer: authorization, host\r\nTransfer-Encoding: chunked\r\n\r\n${LENGTH.toString(16)}\r\n${CONTENT}\r\n0\r\n${trailers}\r\n\r\n`,
  )

  const { answers } = await converse(proxy, 'tunnel', bytes)

  // Node refuses the framing fields among them, which is as good as dropping them.
  if (answers[0]?.status === 200) {
    expect(upstream.bytes).not.toMatch(/sk-trailer|evil\.com|trailer/i)
    expect(upstream.bytes.match(/\r\ncontent-length: /gi)).toHaveLength(1)
    expect(upstream.bytes).not.toMatch(/transfer-encoding/i)
  } else {
    expect(answers[0]?.status).toBe(400)
    expect(upstream.bytes).toBe('')
  }
  await expectServed(proxy, upstream)
})

test('trailers without framing fields are dropped and the request is served (class 50)', async () => {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })
  const trailers = 'Authorization: Bearer sk-trailer\r\nHost: evil.com\r\nX-Api-Key: sk-trailer\r\nUser-Agent: trailer'
  const bytes = request(
    'tunnel',
    `Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${LENGTH.toString(16)}\r\n${CONTENT}\r\n0\r\n${trailers}\r\n\r\n`,
  )

  const { answers } = await converse(proxy, 'tunnel', bytes)

  expect(answers[0]?.status).toBe(200)
  expect(upstream.bytes).not.toMatch(/trailer|evil\.com/i)
})

describe('content where none belongs (class 51)', () => {
  const withContent = (line: string) =>
    `${line} HTTP/1.1\r\nHost: inference.local\r\nContent-Type: application/json\r\nContent-Length: ${LENGTH}\r\n\r\n${CONTENT}`

  test.each([
    ['GET /v1/models', 400],
    ['GET /v1/models/mock%2Decho', 400],
    ['GET /v1/chat/completions', 405],
    ['HEAD /v1/chat/completions', 405],
    ['OPTIONS /v1/chat/completions', 405],
    ['DELETE /v1/models/mock', 405],
    ['PUT /v1/chat/completions', 405],
    ['PATCH /v1/responses', 405],
  ])('%s is refused', async (line, status) => {
    if (line.startsWith('HEAD')) {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })
      // A response to HEAD announces content that never comes.
      const socket = await proxy.openInference()
      socket.write(withContent(line))
      let wire = ''
      socket.on('data', (chunk) => {
        wire += chunk
      })
      await new Promise((resolve) => socket.once('close', resolve))
      expect(wire).toMatch(/^HTTP\/1\.1 405 /)
      expect(upstream.bytes).toBe('')
      return
    }
    await expectRefused('tunnel', withContent(line), { status })
  })

  test('GET with chunked content is refused', async () => {
    const bytes = `GET /v1/models HTTP/1.1\r\nHost: inference.local\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`
    await expectRefused('tunnel', bytes, { status: 400 })
  })
})
