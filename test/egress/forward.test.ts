import { expect } from 'vitest'
import { fieldsNamed } from '../bad-input/answer.js'
import { answers } from './arrivals.js'
import { answerTo, connect, expectDenied, get, send } from './egress-client.js'
import { type NetworkPolicies, startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const LAB: NetworkPolicies = {
  lab: { endpoints: [{ host: 'lab.example.com', port: 8000, allowed_ips: ['10.86.8.0/24', '93.184.216.0/24'] }] },
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Lab: 1\r\n\r\nhello'

test('FWD-1 a request to a private address that allowed_ips lists gets its 200', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  const answer = await answerTo(proxy, get('http://lab.example.com:8000/v1/models?a=1'))

  expect(answer).toMatchObject({ status: 200, content: 'hello', whole: true })
  expect(fieldsNamed(answer, 'x-lab')).toEqual(['1'])
  expect(bed.arrivals.dialled).toEqual(['10.86.8.223:8000'])
  expect(bed.arrivals.all[0]?.bytes).toMatch(/^GET \/v1\/models\?a=1 HTTP\/1\.1\r\nHost: lab\.example\.com:8000\r\n/i)
})

test('FWD-1 an address may be named as well as a host, and IPv6 as well as IPv4', async (bed) => {
  bed.names.set('six.example.com', ['fd00::86:8'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, {
    lab: {
      endpoints: [
        { host: '10.86.8.223', port: 8000, allowed_ips: ['10.86.8.223/32'] },
        { host: 'six.example.com', port: 80, allowed_ips: ['fd00::/64'] },
      ],
    },
  })

  expect((await answerTo(proxy, get('http://10.86.8.223:8000'))).status).toBe(200)
  expect((await answerTo(proxy, get('http://six.example.com/'))).status).toBe(200)
  expect(bed.arrivals.dialled).toEqual(['10.86.8.223:8000', 'fd00::86:8:80'])
  expect(bed.arrivals.all[0]?.bytes).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
})

test('FWD-2 where the endpoint has no allowed_ips: 403 before any look-up, and the answer says so', async (bed) => {
  bed.names.set('api.example.com', ['10.0.0.1'])
  await using proxy = await startEgressProxy(bed, {
    api: { endpoints: [{ host: 'api.example.com', ports: [80, 8000] }] },
  })

  const { detail, policy } = await expectDenied(bed, proxy, get('http://api.example.com:8000/'))
  await expectDenied(bed, proxy, get('http://api.example.com/'))

  expect([detail, policy]).toEqual([expect.stringContaining('allowed_ips'), 'api'])
  expect(bed.names.questions).toEqual([])
})

test('FWD-3 an https URL gets 400 and the hint to use CONNECT, whether or not the host is allowed', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const host of ['lab.example.com:8000', 'evil.example.com', '169.254.169.254']) {
    const answer = await answerTo(proxy, get(`https://${host}/`))
    expect([answer.status, answer.code]).toEqual([400, 'invalid_request'])
    expect(answer.content).toContain('CONNECT')
  }
  await bed.settle()

  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])
})

test('FWD-4 a host, a port or an address that matches no endpoint gets 403', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.9.1'])
  bed.names.set('other.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  await expectDenied(bed, proxy, get('http://other.example.com:8000/'))
  await expectDenied(bed, proxy, get('http://lab.example.com/'))
  await expectDenied(bed, proxy, get('http://10.86.8.223:8000/'))
  expect(bed.names.questions).toEqual([])
  const { detail } = await expectDenied(bed, proxy, get('http://lab.example.com:8000/'))
  expect(detail).toContain('10.86.9.1')
})

test('FWD-5 a public address gets 403 although allowed_ips lists it: clear text would cross the internet', async (bed) => {
  bed.names.set('lab.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, LAB)

  const { detail, policy } = await expectDenied(bed, proxy, get('http://lab.example.com:8000/'))

  expect([detail, policy]).toEqual([expect.stringContaining('93.184.216.34'), 'lab'])
})

test('FWD-6 each is told in one structured FORWARD event, denied ones with the reason, and never the query', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  await answerTo(proxy, get('http://lab.example.com:8000/path?key=hunter2'))
  await expectDenied(bed, proxy, get('http://evil.example.com:8000/path?key=hunter2'))

  const forwarded = await proxy.line({ kind: 'egress', host: 'lab.example.com' })
  expect(forwarded).toMatchObject({ action: 'forward', method: 'GET', port: 8000, policy: 'lab' })
  const denied = await proxy.line({ kind: 'egress', host: 'evil.example.com' })
  expect(denied).toMatchObject({ action: 'deny', method: 'GET', port: 8000, reason: expect.stringContaining('polic') })
  expect(proxy.lines.filter(({ kind }) => kind === 'egress')).toHaveLength(2)
  expect(proxy.output()).not.toContain('hunter2')
})

test('what belongs to the connection or to the proxy stays behind, and Via and Connection: close are added', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  const fields = [
    'Host: lab.example.com:8000',
    'Proxy-Authorization: Basic aHVudGVyMg==',
    'Proxy-Connection: keep-alive',
    'Proxy-Authenticate: x',
    'Connection: keep-alive, X-Mine, Close',
    'X-Mine: 1',
    'Keep-Alive: timeout=5',
    'TE: trailers',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    'Trailer: X-After',
    'Via: 1.1 other',
    'Accept: text/plain',
    'Authorization: Bearer for-the-lab',
    'Cookie: a=b',
  ]
  expect((await answerTo(proxy, get('http://lab.example.com:8000/', fields))).status).toBe(200)

  const [line, ...received] = bed.arrivals.all[0]!.bytes.trimEnd().split('\r\n')
  expect(line).toBe('GET / HTTP/1.1')
  expect(received.map((field) => field.toLowerCase()).sort()).toEqual(
    [
      'host: lab.example.com:8000',
      'via: 1.1 other, 1.1 nemoclaw',
      'connection: close',
      'accept: text/plain',
      'authorization: bearer for-the-lab',
      'cookie: a=b',
    ].sort(),
  )
})

test('content passes both ways as it comes, in whatever framing', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)
  const post = (framing: string, content: string) =>
    `POST http://lab.example.com:8000/up HTTP/1.1\r\nHost: lab.example.com:8000\r\n${framing}\r\n\r\n${content}`
  bed.arrivals.greet = answers(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  )

  const chunked = await answerTo(proxy, post('Transfer-Encoding: chunked', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'))
  const counted = await answerTo(proxy, post('Content-Length: 5', 'abcde'))

  expect(chunked).toMatchObject({ status: 200, content: 'hello world', whole: true })
  expect(counted).toMatchObject({ status: 200, content: 'hello world', whole: true })
  await bed.arrivals.find(({ bytes }) => bytes.includes('Content-Length: 5') && bytes.endsWith('\r\n\r\nabcde'))
  await bed.arrivals.find(
    ({ bytes }) => /\r\ntransfer-encoding: chunked\r\n/i.test(bytes) && bytes.endsWith('0\r\n\r\n'),
  )
})

test('a host that does not listen gets 502, and one whose answer breaks off is not made whole', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  const policies: NetworkPolicies = {
    lab: { endpoints: [{ host: 'lab.example.com', ports: [8000, 9], allowed_ips: ['10.86.8.0/24'] }] },
  }
  await using proxy = await startEgressProxy(bed, policies)
  bed.arrivals.greet = answers('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello')

  const broken = await answerTo(proxy, get('http://lab.example.com:8000/'))
  const refused = await answerTo(proxy, get('http://lab.example.com:9/'))
  const refusedTunnel = await answerTo(proxy, connect('lab.example.com:9'))

  expect(broken).toMatchObject({ status: 200, content: 'hello', whole: false })
  for (const answer of [refused, refusedTunnel]) {
    expect(answer.status).toBe(502)
    expect(fieldsNamed(answer, 'proxy-status').join()).toContain('connection_refused')
  }
})

test('bytes beyond ASCII in an answer stay what they are, and an answer that would mean something else is 502', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, {
    lab: { endpoints: [{ host: 'lab.example.com', port: 8000, allowed_ips: ['10.86.8.0/24'] }] },
  })
  const url = 'http://lab.example.com:8000/'

  bed.arrivals.greet = answers('HTTP/1.1 200 OK\r\nX-Bytes: \xff\x80\r\nContent-Length: 2\r\n\r\nok')
  const bytes = (await send(proxy, get(url))).wire
  bed.arrivals.greet = answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n')
  const coded = await answerTo(proxy, get(url))
  bed.arrivals.greet = answers('HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const switched = await answerTo(proxy, get(url))

  expect(bytes).toContain('HTTP/1.1 200 OK\r\nX-Bytes: \xff\x80\r\n')
  expect([coded.status, switched.status]).toEqual([502, 502])
})

test('rules allow the methods and paths they name and nothing else', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, {
    lab: {
      endpoints: [
        {
          host: 'lab.example.com',
          port: 8000,
          allowed_ips: ['10.86.8.0/24'],
          rules: [{ method: 'GET', path: '/v1/**' }],
        },
      ],
    },
  })
  const url = 'http://lab.example.com:8000'

  expect((await answerTo(proxy, get(`${url}/v1/models/a`))).status).toBe(200)
  bed.arrivals.clear()
  for (const path of [
    '/v2/models',
    '/',
    '/v1/../admin',
    '/v1/%2e%2e/admin',
    '/v1//admin',
    '/v1/..%2fadmin',
    '/v1/a;b',
  ]) {
    await expectDenied(bed, proxy, get(`${url}${path}`))
  }
  await expectDenied(bed, proxy, get(`${url}/v1/models`).replace('GET', 'POST'))
  await expectDenied(bed, proxy, get(`${url}/v1/models`).replace('GET', 'DELETE'))
})

test('one exchange per connection: what is pipelined behind the first request passes nowhere', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)
  const first = get('http://lab.example.com:8000/first')

  for (const behind of [get('http://lab.example.com:8000/second'), connect('lab.example.com:8000'), '\0garbage']) {
    const { answers: got, endedBy } = await send(proxy, first + behind)
    expect([got.map(({ status }) => status), endedBy]).toEqual([[200], 'proxy'])
  }
  await bed.settle()

  expect(bed.arrivals.all.map(({ bytes }) => bytes.match(/^[A-Z]+ \S+ HTTP/gm))).toEqual([
    ['GET /first HTTP'],
    ['GET /first HTTP'],
    ['GET /first HTTP'],
  ])
})
