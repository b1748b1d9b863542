import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { UpstreamProxy } from './upstream-proxy.js'

test.each([
  ['http://proxy.corp:3128', 'proxy.corp', 3128, 'http://proxy.corp:3128'],
  ['http://proxy.corp', 'proxy.corp', 80, 'http://proxy.corp:80'],
  ['https://proxy.corp', 'proxy.corp', 443, 'https://proxy.corp:443'],
  ['https://[2001:db8::1]:8443/', '2001:db8::1', 8443, 'https://[2001:db8::1]:8443'],
])('%s is dialled at %s port %i', (url, host, port, origin) => {
  expect(new UpstreamProxy({ url: new URL(url) })).toMatchObject({ host, port, origin })
})

test.each([
  'socks5://proxy.corp:1080',
  'http://user:hunter2@proxy.corp:3128',
  'http://user@proxy.corp:3128',
  'http://proxy.corp:3128/path',
  'http://proxy.corp:3128/?query',
  'http://proxy.corp:3128/#fragment',
  'http://proxy.corp:0',
])('%s is none, and is not quoted', (url) => {
  const make = () => new UpstreamProxy({ url: new URL(url) })

  expect(make).toThrow('An upstream proxy is http or https, and has host and port only.')
})

test('shows no credential, however it is printed', async () => {
  const proxy = new UpstreamProxy({ url: new URL('http://proxy.corp:3128'), credential: () => 'ada:hunter2' })

  expect(await proxy.credential?.()).toBe('ada:hunter2')
  expect(inspect(proxy, { depth: 9, showHidden: true, getters: true }) + JSON.stringify(proxy)).not.toContain('hunter2')
})
