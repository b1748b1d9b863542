import { networkInterfaces } from 'node:os'
import { expect } from 'vitest'
import { fieldsNamed } from '../bad-input/answer.js'
import { answers } from './arrivals.js'
import { answerTo, expectDenied, get, send } from './egress-client.js'
import { type NetworkPolicies, startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const LAB: NetworkPolicies = {
  lab: { endpoints: [{ host: 'lab.example.com', ports: [80, 8000], allowed_ips: ['10.86.8.0/24'] }] },
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const HOST = ['Host: lab.example.com']

test('a URL of another scheme, with user info, or that parsers read differently gets 400 (111)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)
  const urls = [
    'https://lab.example.com/',
    'HTTPS://lab.example.com/',
    'ftp://lab.example.com/',
    'file://lab.example.com/etc/passwd',
    'file:///etc/passwd',
    'gopher://lab.example.com/',
    'ws://lab.example.com/',
    'wss://lab.example.com/',
    'unix:/var/run/docker.sock',
    'javascript:alert(1)',
    'http:/lab.example.com/',
    'http:lab.example.com/',
    'http:///lab.example.com/',
    'http:/\\lab.example.com/',
    'http:\\\\lab.example.com/',
    'http://\\lab.example.com/',
    'http://a@lab.example.com/',
    'http://a:b@lab.example.com/',
    'http://lab.example.com@evil.com/',
    'http://evil.com#@lab.example.com/',
    'http://evil.com\\@lab.example.com/',
    'http://lab.example.com\\@evil.com/',
    'http://evil.com?@lab.example.com/',
    'http://lab.example.com:80@evil.com/',
    'http://lab.example.com\\.evil.com/',
    'http://lab.example.com%2f@evil.com/',
    'http://lab.example.com%00.evil.com/',
    'http://lab.example.com%2eevil.com/',
    'http://lab%2eexample.com/',
    'http://lab.example.com:/',
    'http://lab.example.com:0/',
    'http://lab.example.com:080/',
    'http://lab.example.com:8000x/',
    'http://lab.example.com:65536/',
    'http://lab.example.com:-1/',
    'http://lab.example.com:80:80/',
    'http://lab..example.com/',
    'http://.lab.example.com/',
    'http://-lab.example.com/',
    'http://[lab.example.com]/',
    'http://[::1/',
    'http://::1/',
    'http:// lab.example.com/',
    'http://lab.example.com/a b',
    'http://lab.\texample.com/',
    'http://lab.example.com/\x0b',
    'http://lab.example.com/\x7f',
    'http://lab.example.com\r/',
    'http://l\u00e4b.example.com/',
    '//lab.example.com/',
    '/\\lab.example.com/',
    '/',
    '*',
    'lab.example.com/',
    'lab.example.com:8000',
    '',
  ]

  const outcomes: Record<string, string> = {}
  for (const url of urls) {
    const { answers: got, endedBy } = await send(proxy, get(url, HOST), { waitMs: 3_000 })
    outcomes[url] = `${got.map(({ status }) => status).join()} ${endedBy}`
  }
  await bed.settle()

  // `http://evil.com?@...` is a URL that every parser reads alike, of another host than Host says.
  const expected: Record<string, string> = { 'http://evil.com?@lab.example.com/': '421 proxy' }
  expect(outcomes).toEqual(Object.fromEntries(urls.map((url) => [url, expected[url] ?? '400 proxy'])))
  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])
})

test('scheme and host are compared without regard to case, and the URL is rebuilt from what was compared (111)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  for (const url of ['HTTP://lab.example.com/a', 'http://LAB.Example.COM./a', 'hTTp://lab.example.com:80/a']) {
    const { status } = await answerTo(proxy, get(url, HOST))
    expect([url, status]).toEqual([url, 200])
  }
  expect((await answerTo(proxy, get('http://lab.example.com?q=1', HOST))).status).toBe(200)
  expect(bed.arrivals.all.map(({ bytes }) => bytes.split('\r\n', 1)[0])).toEqual([
    'GET /a HTTP/1.1',
    'GET /a HTTP/1.1',
    'GET /a HTTP/1.1',
    'GET /?q=1 HTTP/1.1',
  ])
})

test('a Host that is not the URL’s never gets anywhere (117)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  const outcomes: Record<string, number> = {}
  const hosts = ['evil.com', 'lab.example.com:8000', 'lab.example.com.evil.com', '10.86.8.223', 'a@lab.example.com', '']
  for (const host of hosts) {
    outcomes[host] = (await answerTo(proxy, get('http://lab.example.com/', [`Host: ${host}`]))).status
  }
  outcomes['two'] = (await answerTo(proxy, get('http://lab.example.com/', [...HOST, ...HOST]))).status
  outcomes['none'] = (await answerTo(proxy, get('http://lab.example.com/', []))).status
  await bed.settle()

  // RFC 9112 §3.2.2 has the URL win; it is refused all the same, or what arrives names the URL's host.
  for (const [host, status] of Object.entries(outcomes))
    expect([host, [200, 400, 403, 421].includes(status)]).toEqual([host, true])
  expect([outcomes['two'], outcomes['none']]).toEqual([400, 400])
  expect(bed.arrivals.all.map(({ bytes }) => /^host: (.*)$/im.exec(bytes)?.[1]?.trim())).toEqual(
    bed.arrivals.all.map(() => 'lab.example.com'),
  )
})

test('a request that has been here before, or may go no further, gets 508 (117)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)
  const ask = async (...fields: string[]) =>
    (await answerTo(proxy, get('http://lab.example.com/', [...HOST, ...fields]))).status

  for (const loop of [
    'Via: 1.1 nemoclaw',
    'Via: 1.0 other, 1.1 nemoclaw',
    'Via: 1.1 other (a, b), HTTP/1.1 nemoclaw (x)',
    'via:1.1   NemoClaw',
    'Max-Forwards: 0',
  ]) {
    expect([loop, await ask(loop)]).toEqual([loop, 508])
  }
  expect(await ask('Via: 1.1 other', 'Via: 1.1 nemoclaw')).toBe(508)
  await bed.settle()
  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])

  expect(await ask('Via: 1.1 nemoclaw-of-somebody-else')).toBe(200)
  expect(await ask('Via: 1.1 other (nemoclaw)')).toBe(200)
})

test('a request to the proxy itself is not sent round, by whichever of its addresses (15, 117)', async (bed) => {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const hosts = [...new Set([...own.filter((address) => !address.includes('%')), '127.0.0.1', '127.0.0.2', '0.0.0.0'])]
  bed.names.set('self.example.com', ['127.0.0.1'])
  await using proxy = await startEgressProxy(bed, {
    all: { endpoints: [{ host: '*.example.com', ports: [80, 8000] }] },
  })

  for (const host of hosts) {
    await expectDenied(bed, proxy, get(`http://${host.includes(':') ? `[${host}]` : host}:${proxy.port}/`))
  }
  await expectDenied(bed, proxy, get(`http://self.example.com:${proxy.port}/`))
})

test('a public http host is denied whatever the policy says of its address (117)', async (bed) => {
  bed.names.set('public.example.com', ['93.184.216.34'])
  bed.names.set('both.example.com', ['10.86.8.223', '93.184.216.34'])
  await using proxy = await startEgressProxy(bed, {
    web: {
      endpoints: ['public', 'both'].map((name) => ({
        host: `${name}.example.com`,
        port: 80,
        allowed_ips: ['93.184.216.0/24', '10.86.8.0/24'],
      })),
    },
  })

  await expectDenied(bed, proxy, get('http://public.example.com/'))
  await expectDenied(bed, proxy, get('http://both.example.com/'))
})

test('a redirect is handed to the client and followed by nobody (116)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const status of [301, 302, 303, 307, 308]) {
    const location = 'http://169.254.169.254/latest/meta-data/'
    bed.arrivals.greet = answers(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
    const answer = await answerTo(proxy, get('http://lab.example.com/'))
    expect([answer.status, fieldsNamed(answer, 'location')]).toEqual([status, [location]])
  }
  await bed.settle()

  expect(new Set(bed.arrivals.dialled)).toEqual(new Set(['10.86.8.223:80']))
  expect(bed.arrivals.all).toHaveLength(5)
})

test('each request has a connection of its own, so that none is used for another host (116)', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(`${OK}`)
  await using proxy = await startEgressProxy(bed, LAB)

  for (const path of ['/1', '/2', '/3']) {
    const fields = ['Host: lab.example.com', 'Connection: keep-alive', 'Proxy-Connection: keep-alive']
    expect((await answerTo(proxy, get(`http://lab.example.com${path}`, fields))).status).toBe(200)
  }

  expect(bed.arrivals.all).toHaveLength(3)
})
