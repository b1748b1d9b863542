import { ProxyError } from '@nemoclaw/proxy-core/control-plane'
import { expect, test } from 'vitest'
import { judgeFailure } from './judge-failure.js'

const judge = (error: unknown) => judgeFailure(error, 'https://api.example.com', 'nv')
const coded = (code: string, cause?: Error) =>
  Object.assign(new Error('Authorization: Bearer sk-secret', { cause }), { code })

test.each([
  ['ECONNREFUSED', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['ETIMEDOUT', 'timed_out'],
  ['CERT_HAS_EXPIRED', 'tls_failed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_failed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_failed'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed'],
  ['HPE_INVALID_CONSTANT', 'unexpected_answer'],
])('%s is %s', (code, failureClass) => {
  expect(judge(coded(code)).class).toBe(failureClass)
})

test('looks behind the code that the library puts before the cause', () => {
  expect(judge(coded('ERR_GOT_REQUEST_ERROR', coded('ECONNREFUSED'))).sentence).toContain('ECONNREFUSED')
})

test('our own refusal of an address is told in its own words', () => {
  const refusal = new ProxyError('ERR_UPSTREAM_CLEARTEXT', 'that address is public')

  expect(judge(coded('ERR_GOT_REQUEST_ERROR', refusal))).toMatchObject({
    class: 'address_refused',
    sentence: 'that address is public',
  })
})

test('never quotes the library, which quotes the request', () => {
  expect(JSON.stringify(judge(coded('ECONNRESET')))).not.toContain('sk-secret')
})
