import { expect, test } from 'vitest'
import { parseFailure } from './parse-failure.js'

const failure = (code: string, details: object = {}) =>
  parseFailure(Object.assign(new Error(code), { code, ...details }))
const packet = (text: string) => ({ rawPacket: Buffer.from(text, 'latin1'), bytesParsed: 0 })

test.each(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])('says nothing to a client that is gone: %s', (code) => {
  expect(failure(code)).toBeUndefined()
})

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_INVALID_EOF_STATE', 400],
  ['HPE_INVALID_CHUNK_SIZE', 400],
  ['HPE_ANYTHING_NEW', 400],
])('%s gets %i', (code, status) => {
  expect(failure(code)?.status).toBe(status)
})

test.each([
  ['\x16\x03\x01\x02\x00', 'ERR_REQUEST_MALFORMED', /http:\/\//],
  ['\x05\x01\x00', 'ERR_REQUEST_MALFORMED', /SOCKS/],
  ['\x04\x01', 'ERR_REQUEST_MALFORMED', /SOCKS/],
  ['post / HTTP/1.1', 'ERR_METHOD_NOT_IMPLEMENTED', /method/],
  ['\0\0', 'ERR_REQUEST_MALFORMED', /not an HTTP request/],
])('%j for a method is %s', (bytes, code, message) => {
  expect(failure('HPE_INVALID_METHOD', packet(bytes))).toMatchObject({ code, message: expect.stringMatching(message) })
})

test('looks for the method where the parser stopped, not at the request before', () => {
  const details = { rawPacket: Buffer.from('GET / HTTP/1.1\r\n\r\n\x16\x03'), bytesParsed: 18 }

  expect(failure('HPE_INVALID_METHOD', details)?.message).toContain('TLS')
})

test('tells a version from what stands behind one', () => {
  expect(failure('HPE_INVALID_VERSION', { reason: 'Invalid HTTP version' })?.status).toBe(505)
  expect(failure('HPE_INVALID_VERSION', { reason: 'Expected CRLF after version' })?.status).toBe(400)
})

test('keeps what the client sent out of message and cause', () => {
  const refusal = failure('HPE_INVALID_HEADER_TOKEN', {
    reason: 'Invalid header token',
    ...packet('authorization: sk'),
  })

  expect(refusal?.message).toContain('Invalid header token')
  expect(refusal?.message).not.toContain('sk')
  expect(refusal?.cause).toBeUndefined()
})
