import { expect, test } from 'vitest'
import type { UserError } from '../user-error.js'
import { authorityText, parseEndpointArgument } from './endpoint-argument.js'

test.each([
  ['api.github.com:443', { host: 'api.github.com', port: 443 }],
  ['*.example.com:8443', { host: '*.example.com', port: 8443 }],
  ['[2001:db8::1]:80', { host: '2001:db8::1', port: 80 }],
  ['10.86.8.223:8000', { host: '10.86.8.223', port: 8000 }],
])('%s is a host and a port, and is written like that again', (text, expected) => {
  expect(parseEndpointArgument(text)).toEqual({ ...expected, isFromUrl: false })
  expect(authorityText(expected)).toBe(text)
})

test.each([
  ['https://api.github.com', { host: 'api.github.com', port: 443 }],
  ['http://api.github.com/v1?x', { host: 'api.github.com', port: 80 }],
  ['HTTPS://user:secret@API.GitHub.com:8443/', { host: 'api.github.com', port: 8443 }],
  ['https://[2001:db8::1]/', { host: '2001:db8::1', port: 443 }],
  ['https://bücher.example/', { host: 'xn--bcher-kva.example', port: 443 }],
])('of the URL %s, host and port are taken', (text, expected) => {
  expect(parseEndpointArgument(text)).toEqual({ ...expected, isFromUrl: true })
})

test.each([
  ['api.github.com', /^"api\.github\.com" has no port; accepted: HOST:PORT, such as/],
  ['', /has no port/],
  ['api.github.com:', /^"" is no port/],
  ['api.github.com:0', /^"0" is no port: a whole number from 1 to 65535/],
  ['api.github.com:65536', /is no port/],
  ['api.github.com:0443', /is no port/],
  ['api.github.com:443-444', /is no port/],
  ['api.github.com:https', /is no port/],
  ['2001:db8::1:443', /^an IPv6 address is written in brackets/],
  ['[::1]:443', /^"::1" can never be allowed/],
  ['localhost:80', /^"localhost" can never be allowed/],
  ['https://127.1/', /^"127\.0\.0\.1" can never be allowed/],
  ['https://0x7f.1/', /^"127\.0\.0\.1" can never be allowed/],
  ['169.254.169.254:80', /can never be allowed: it is link-local/],
  ['inference.local:443', /needs no rule/],
  ['*:443', /there is no catch-all/],
  ['*.com:443', /too wide/],
  ['API.github.com:443', /write api\.github\.com$/],
  ['ssh://git@github.com', /^only http and https URLs are understood$/],
  ['https://', /^the URL cannot be read/],
])('%j is refused with what is accepted, exit code 2', (text, why) => {
  const refusal = (() => {
    try {
      parseEndpointArgument(text)
    } catch (error) {
      return error as UserError
    }
    return undefined
  })()

  expect(refusal?.message).toMatch(why)
  expect(refusal).toMatchObject({ code: 'ERR_POLICY_ARGUMENT', exitCode: 2 })
})

test('a URL that is refused is not repeated: it may hold a password', () => {
  for (const text of [
    'https://user:hunter22@localhost/',
    'https://user:hunter22@[::/',
    'ssh://user:hunter22@github.com',
  ]) {
    expect(() => parseEndpointArgument(text)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter22') }),
    )
  }
})
