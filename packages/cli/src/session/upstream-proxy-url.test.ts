import { expect, test } from 'vitest'
import { parseUpstreamProxyUrl } from './upstream-proxy-url.js'

test.each([
  ['http://proxy.corp:3128', 'http://proxy.corp:3128'],
  ['http://proxy.corp:3128/', 'http://proxy.corp:3128'],
  ['HTTPS://Proxy.Corp', 'https://proxy.corp'],
  ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
  ['http://10.0.0.1:80', 'http://10.0.0.1'],
])('%s is %s', (text, origin) => {
  expect(parseUpstreamProxyUrl(text)).toMatchObject({ origin })
})

test.each([
  ['proxy.corp:3128', 'has no scheme', 'Type: http://proxy.corp:3128'],
  ['socks5://proxy.corp:1080', 'must begin with http:// or https://', 'E.g. http://proxy.corp:3128'],
  ['proxy.corp', 'must begin with http:// or https://', 'E.g. http://proxy.corp:3128'],
  ['', 'is empty', 'E.g.'],
  ['http://proxy corp', 'holds a space', 'E.g.'],
  ['http:\\\\proxy.corp:3128', 'a backslash', 'E.g.'],
  ['http://prоxy.corp:3128', 'outside ASCII', 'E.g.'], // The o is Cyrillic.
  ['http://proxy.corp:3128/pac', 'holds a path', 'Type: http://proxy.corp:3128'],
  ['http://proxy.corp:3128?x', 'holds a path, a query', 'Type: http://proxy.corp:3128'],
  ['http://proxy.corp:3128/#x', 'or a fragment', 'Type: http://proxy.corp:3128'],
  ['http://proxy.corp:99999', 'cannot be parsed', 'E.g.'],
  ['http://', 'cannot be parsed', 'E.g.'],
  ['http://proxy.corp:0', 'port 0', 'E.g.'],
])('%j is refused, with what to type', (text, why, suggestion) => {
  expect(parseUpstreamProxyUrl(text)).toEqual({
    why: expect.stringContaining(why),
    suggestion: expect.stringContaining(suggestion),
  })
})

test.each([
  ['http://ada:hunter2@proxy.corp:3128', 'http://proxy.corp:3128'],
  ['https://ada@proxy.corp', 'https://proxy.corp'],
  ['http://ada:hunt@er2@proxy.corp:3128', 'http://proxy.corp:3128'],
  // What comes before the slash is a part of the password, and would be taken for the host.
  ['http://ada:4711/hunter2@proxy.corp:3128', 'http://proxy.corp:3128'],
  ['http://hunter2/x@proxy.corp:3128', 'http://proxy.corp:3128'],
  ['http://ada:hunter2#@proxy.corp:3128', 'http://proxy.corp:3128'],
])('a password in %s is refused, with the way to give it, and not repeated', (text, url) => {
  const violation = parseUpstreamProxyUrl(text)

  expect(violation).toMatchObject({
    suggestion: expect.stringContaining(`--upstream-proxy ${url} --upstream-proxy-credential`),
  })
  expect(JSON.stringify(violation)).not.toMatch(/hunter2|hunt|4711|ada/)
})
