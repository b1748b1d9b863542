import { UpstreamProxy } from '@nemoclaw/proxy-core/control-plane'
import { expect, test } from 'vitest'
import { refuseProxyLoop } from './refuse-proxy-loop.js'

const check = (url: string, host: string, port: number) =>
  refuseProxyLoop(
    new UpstreamProxy({ url: new URL(url) }),
    [
      { host: '192.0.2.7', port: 1 },
      { host, port },
    ],
    () => ['10.0.0.5'],
  )

test.each([
  ['http://127.0.0.1:4140', '127.0.0.1', 4140],
  ['http://localhost:4140', '127.0.0.1', 4140],
  ['http://localhost.:4140', '::1', 4140],
  ['http://127.9.9.9:4140', '0.0.0.0', 4140],
  ['http://0.0.0.0:4140', '127.0.0.1', 4140],
  ['http://[::1]:4140', '127.0.0.1', 4140],
  ['http://[::ffff:127.0.0.1]:4140', '127.0.0.1', 4140],
  ['http://10.0.0.5:4140', '0.0.0.0', 4140],
  ['http://10.0.0.6:4140', '10.0.0.6', 4140],
  ['http://127.0.0.1', '127.0.0.1', 80],
])('%s is a loop where %s port %i is listened on', (url, host, port) => {
  expect(() => check(url, host, port)).toThrow(expect.objectContaining({ code: 'ERR_UPSTREAM_PROXY_LOOP' }))
})

test.each([
  ['http://127.0.0.1:3128', '127.0.0.1', 4140],
  ['http://127.0.0.1:4140', '127.0.0.1', 0],
  ['http://10.0.0.6:4140', '0.0.0.0', 4140],
  ['http://10.0.0.5:4140', '127.0.0.1', 4140],
  ['http://proxy.corp:4140', '127.0.0.1', 4140],
])('%s is none where %s port %i is', (url, host, port) => {
  expect(() => check(url, host, port)).not.toThrow()
})
