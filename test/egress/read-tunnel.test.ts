import { expect } from 'vitest'
import { parseAnswers } from '../bad-input/answer.js'
import { converseOn } from '../bad-input/converse.js'
import { clientHello } from '../tls/client-hello.js'
import { answers } from './arrivals.js'
import { connect, expectDenied, openTunnel } from './egress-client.js'
import { type EgressProxy, type NetworkPolicies, startEgressProxy, startUncheckedProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

// An endpoint with rules for method and path, reached by CONNECT: what the rules need is known only inside (124).
const test = testsInBed()

const LAB: NetworkPolicies = {
  lab: {
    endpoints: [
      {
        host: 'lab.example.com',
        port: 8000,
        allowed_ips: ['10.86.8.0/24'],
        rules: [
          { method: 'GET', path: '/v1/**' },
          { method: 'POST', path: '/v1/echo' },
        ],
      },
    ],
  },
}
const TARGET = 'lab.example.com:8000'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const inside = (line: string, fields: readonly string[] = [`Host: ${TARGET}`]) =>
  [`${line} HTTP/1.1`, ...fields, '', ''].join('\r\n')

/** Sends bytes inside a tunnel, and reads until the connection ends. */
async function sendInside(proxy: EgressProxy, bytes: string | Buffer) {
  return converseOn(await openTunnel(proxy, TARGET), bytes, { waitMs: 3_000 })
}

test('the CONNECT itself is accepted, and a request that the rules allow gets its answer', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  const got = await sendInside(proxy, inside('GET /v1/models?a=1'))

  expect(got.answers).toEqual([expect.objectContaining({ status: 200, content: 'hello', whole: true })])
  expect(bed.arrivals.dialled).toEqual(['10.86.8.223:8000'])
  expect(bed.arrivals.all[0]?.bytes).toMatch(/^GET \/v1\/models\?a=1 HTTP\/1\.1\r\n/)
  expect(await proxy.line({ kind: 'egress', method: 'GET' })).toMatchObject({ policy: 'lab', host: 'lab.example.com' })
})

test('and so does one sent behind the CONNECT without waiting', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)

  const { wire } = await converseOn(await proxy.dial(), connect(TARGET) + inside('GET /v1/models'), { waitMs: 3_000 })

  const [, got] = /^HTTP\/1\.1 200 [^\r]*\r\n\r\n(.*)$/s.exec(wire) ?? []
  expect(parseAnswers(got ?? '')).toEqual([expect.objectContaining({ status: 200, content: 'hello' })])
})

test('a request that no rule allows gets 403 inside, and does not get out', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const line of [
    'GET /v2/models',
    'GET /',
    'POST /v1/models',
    'DELETE /v1/models',
    'GET /v1/../admin',
    'GET /v1/%2e%2e/admin',
    'GET //v1/models',
    'GET /v1/..;/admin',
    'OPTIONS *',
    'get /v1/models',
  ]) {
    const got = await sendInside(proxy, inside(line))
    expect([line, got.answers.map(({ status }) => [400, 403, 405, 501].includes(status)), got.endedBy]).toEqual([
      line,
      [true],
      'proxy',
    ])
  }
  await bed.settle()

  expect(bed.arrivals.all.map(({ bytes }) => bytes).join('')).toBe('')
})

test('a second host inside, by Host or by URL, is refused and does not get out', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const request of [
    inside('GET /v1/models', ['Host: evil.com']),
    inside('GET /v1/models', ['Host: lab.example.com:80']),
    inside('GET /v1/models', ['Host: lab.example.com:8000', 'Host: evil.com']),
    inside('GET /v1/models', []),
    inside('GET http://evil.com/v1/models'),
    inside('GET http://lab.example.com:8000/v1/models', ['Host: evil.com']),
    inside('GET http://169.254.169.254/v1/models', ['Host: 169.254.169.254']),
    connect('evil.com:443'),
    connect(TARGET),
  ]) {
    const got = await sendInside(proxy, request)
    expect([request, got.answers.length, got.answers.every(({ status }) => status >= 400), got.endedBy]).toEqual([
      request,
      1,
      true,
      'proxy',
    ])
  }
  await bed.settle()

  expect(bed.arrivals.all.map(({ bytes }) => bytes).join('')).toBe('')
  expect(bed.arrivals.dialled.filter((each) => each !== '10.86.8.223:8000')).toEqual([])
})

test('what is not plain HTTP inside is refused: rules could not be kept', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const bytes of [
    await clientHello({ servername: 'lab.example.com' }),
    'SSH-2.0-OpenSSH_9.2p1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x05\x01\x00',
    '\0\xff\x16\x03'.repeat(100),
    inside('GET /v1/models', [`Host: ${TARGET}`, 'Upgrade: websocket', 'Connection: Upgrade']).replace(
      'GET /v1/models',
      'GET /ws',
    ),
  ]) {
    const got = await sendInside(proxy, bytes)
    expect([got.answers.filter(({ status }) => status < 400), got.endedBy]).toEqual([[], 'proxy'])
  }
  await bed.settle()

  expect(bed.arrivals.all.map(({ bytes }) => bytes).join('')).toBe('')
})

test('each request inside is checked: one that is allowed takes none behind it along', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  bed.arrivals.greet = answers(OK)
  await using proxy = await startEgressProxy(bed, LAB)
  const allowed = inside('GET /v1/models')
  const echo = (framing: string, content: string) =>
    `${inside('POST /v1/echo', [`Host: ${TARGET}`, framing])}${content}`

  for (const behind of [inside('GET /admin'), inside('GET /v1/models', ['Host: evil.com']), connect('evil.com:443')]) {
    await sendInside(proxy, allowed + behind)
    await sendInside(proxy, echo('Content-Length: 3', 'abc') + behind)
    await sendInside(proxy, echo('Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n') + behind)
  }
  // Framing that two parsers read differently.
  await sendInside(
    proxy,
    `${inside('POST /v1/echo', [`Host: ${TARGET}`, 'Content-Length: 3', 'Transfer-Encoding: chunked'])}0\r\n\r\n${inside('GET /admin')}`,
  )
  await sendInside(
    proxy,
    `${inside('POST /v1/echo', [`Host: ${TARGET}`, 'Content-Length: 3', 'Content-Length: 40'])}${inside('GET /admin')}`,
  )
  await bed.settle()

  const out = bed.arrivals.all.map(({ bytes }) => bytes).join('')
  expect(out).toContain('GET /v1/models')
  expect(out).toContain('POST /v1/echo')
  expect(out).not.toMatch(/admin|evil/)
})

test('the host, the port and the address are judged at the CONNECT already', async (bed) => {
  bed.names.set('lab.example.com', ['10.99.0.1'])
  await using proxy = await startEgressProxy(bed, LAB)

  await expectDenied(bed, proxy, connect('lab.example.com:443'))
  await expectDenied(bed, proxy, connect('other.example.com:8000'))
  await expectDenied(bed, proxy, connect(TARGET))
})

test('half a request inside is waited for no longer than half a request elsewhere', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  const lab = { host: 'lab.example.com', ports: [8000], allowedIps: ['10.86.8.0/24'], resolve: [] }
  await using proxy = await startUncheckedProxy(
    bed,
    [{ name: 'lab', binaries: [], endpoints: [{ ...lab, rules: [{ method: 'GET', path: '/v1/**' }] }] }],
    { headTimeoutMs: 1_000 },
  )

  const { endedBy } = await converseOn(await openTunnel(proxy, TARGET), 'GET /v1/mod', { waitMs: 5_000 })
  await bed.settle()

  expect([endedBy, bed.arrivals.all.map(({ bytes }) => bytes).join('')]).toEqual(['proxy', ''])
})
