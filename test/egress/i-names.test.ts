import { expect } from 'vitest'
import { fieldsNamed } from '../bad-input/answer.js'
import { answers } from './arrivals.js'
import type { EgressBed } from './egress-bed.js'
import { answerTo, connect, expectDenied, get, openTunnel, send } from './egress-client.js'
import { type EgressProxy, type NetworkPolicies, startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const PUBLIC = '93.184.216.34'
const PRIVATE = '10.0.0.1'
const LISTED = '10.86.8.223'
/** One host on each of the two ways out. */
const POLICY: NetworkPolicies = {
  web: { endpoints: [{ host: 'name.example.com', port: 443 }] },
  lab: { endpoints: [{ host: 'name.example.com', port: 80, allowed_ips: ['10.86.8.0/24', 'fd86::/64'] }] },
}
const TUNNEL = connect('name.example.com:443')
const FORWARD = get('http://name.example.com/')

async function expectUnresolved(bed: EgressBed, proxy: EgressProxy, bytes: string) {
  const answer = await answerTo(proxy, bytes)
  expect(answer.status).toBe(502)
  expect(fieldsNamed(answer, 'proxy-status').join()).toContain('error=dns_error')
  await bed.settle()
  expect(bed.arrivals.dialled).toEqual([])
}

test('one address that may not be dialled denies the name, wherever it stands among the others', async (bed) => {
  await using proxy = await startEgressProxy(bed, POLICY)

  for (const mixed of [
    [PUBLIC, PRIVATE],
    [PRIVATE, PUBLIC],
    [PUBLIC, '127.0.0.1'],
    [PUBLIC, '169.254.169.254'],
    [PUBLIC, '2606:2800:220:1::1', '::1'],
    [PUBLIC, 'fd00:ec2::254'],
    [PUBLIC, '::ffff:10.0.0.1'],
    ['10.0.0.2', '2606:2800:220:1::1'],
  ]) {
    bed.names.set('name.example.com', mixed)
    await expectDenied(bed, proxy, TUNNEL)
  }
  for (const mixed of [
    [LISTED, PRIVATE],
    [LISTED, PUBLIC],
    [LISTED, 'fd86:1::1'],
    ['fd86::1', '127.0.0.1'],
  ]) {
    bed.names.set('name.example.com', mixed)
    await expectDenied(bed, proxy, FORWARD)
  }
})

test('an alias is judged by the address behind it', async (bed) => {
  bed.names.set('name.example.com', { alias: 'inner.corp.example', addresses: [PRIVATE] })
  await using proxy = await startEgressProxy(bed, POLICY)

  const { detail } = await expectDenied(bed, proxy, TUNNEL)
  await expectDenied(bed, proxy, FORWARD)
  expect(detail).toContain(PRIVATE)

  bed.names.set('name.example.com', { alias: 'cdn.example.net', addresses: [PUBLIC] })
  await openTunnel(proxy, 'name.example.com:443')
  await bed.settle()
  expect(bed.arrivals.dialled).toEqual([`${PUBLIC}:443`])
})

test('the address that was checked is the one that is dialled, though the name has another by then', async (bed) => {
  bed.arrivals.greet = answers('HTTP/1.1 204 No Content\r\n\r\n')
  await using proxy = await startEgressProxy(bed, POLICY)
  const flips = (first: string) => (time: number, type: string) =>
    type === 'A' ? { addresses: [time === 0 ? first : '127.0.0.1'] } : {}

  bed.names.set('name.example.com', flips(PUBLIC))
  await openTunnel(proxy, 'name.example.com:443')
  const { questions } = bed.names
  expect(questions.filter(({ type }) => type === 'A')).toHaveLength(1)
  bed.names.set('name.example.com', (_time, type) => (type === 'A' ? { addresses: [LISTED] } : {}))
  expect((await answerTo(proxy, FORWARD)).status).toBe(204)
  await bed.settle()

  expect(bed.arrivals.dialled).toEqual([`${PUBLIC}:443`, `${LISTED}:80`])
  expect(questions.filter(({ type }) => type === 'A')).toHaveLength(2)
})

test('and the next one to ask is denied by what the name has then', async (bed) => {
  bed.names.set('name.example.com', (time, type) =>
    type === 'A' ? { addresses: [time === 0 ? PUBLIC : '127.0.0.1'] } : {},
  )
  await using proxy = await startEgressProxy(bed, POLICY)

  await openTunnel(proxy, 'name.example.com:443')
  const { detail } = await expectDenied(bed, proxy, TUNNEL)

  expect(detail).toContain('127.0.0.1')
})

test('where the first address of a name does not answer the next one does, and bytes pass all the same', async (bed) => {
  bed.names.set('two.example.com', ['93.184.216.34', '2606:2800:220:1::1', '93.184.216.35'])
  bed.arrivals.greet = ({ socket }) => void socket.write('hello')
  await using proxy = await startEgressProxy(bed, { web: { endpoints: [{ host: 'two.example.com', port: 443 }] } })

  const tunnel = await openTunnel(proxy, 'two.example.com:443')

  expect(
    String(
      await tunnel
        .iterator()
        .next()
        .then(({ value }) => value),
    ),
  ).toBe('hello')
  expect(bed.arrivals.dialled).toHaveLength(1)
})

test('a name without addresses, one that does not exist and one whose server fails get 502, and nothing is dialled', async (bed) => {
  await using proxy = await startEgressProxy(bed, POLICY)

  for (const zone of [{}, { code: 'NXDOMAIN' }, { code: 'SERVFAIL' }, { alias: 'nowhere.example' }] as const) {
    bed.names.set('name.example.com', zone)
    await expectUnresolved(bed, proxy, TUNNEL)
    await expectUnresolved(bed, proxy, FORWARD)
  }
})

test('name servers that say nothing hold up who asks for their names for a bounded time, and nobody else', async (bed) => {
  bed.setResolver(['options timeout:2 attempts:1'])
  const silent = ['a', 'b', 'c', 'd'].map((name) => `${name}.silent.example`)
  for (const name of silent) bed.names.set(name, 'silent')
  bed.names.set('name.example.com', [PUBLIC])
  await using proxy = await startEgressProxy(bed, {
    ...POLICY,
    silent: { endpoints: [{ host: '*.silent.example', port: 443 }] },
  })

  const waiting = silent.map((name) => send(proxy, connect(`${name}:443`), { waitMs: 15_000 }))
  await expect.poll(() => bed.names.namesAsked.length).toBeGreaterThan(0)
  const startedAt = performance.now()
  await openTunnel(proxy, 'name.example.com:443')
  const tookMs = performance.now() - startedAt

  for (const { answers: got } of await Promise.all(waiting)) expect([502, 504]).toContain(got[0]?.status)
  expect(tookMs).toBeLessThan(1_000)
}, 60_000)

test('four thousand addresses by DNS, or ten thousand by the hosts file, are denied and not looked through', async (bed) => {
  const many = (count: number, first: number) =>
    Array.from({ length: count }, (_, index) => `${first}.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`)
  bed.names.set('name.example.com', many(4_000, 93))
  bed.setHosts(many(10_000, 94).map((address) => `${address} hosts.example.com`))
  await using proxy = await startEgressProxy(bed, {
    ...POLICY,
    hosts: { endpoints: [{ host: 'hosts.example.com', port: 443 }] },
  })

  expect((await expectDenied(bed, proxy, TUNNEL)).detail).toContain('address')
  expect((await expectDenied(bed, proxy, connect('hosts.example.com:443'))).detail).toContain('address')
})

test('a hundred and twenty-eight addresses are all judged, one more is too many', async (bed) => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `93.184.${index >> 8}.${index & 255}`)
  await using proxy = await startEgressProxy(bed, POLICY)

  bed.names.set('name.example.com', many(128))
  await openTunnel(proxy, 'name.example.com:443')
  bed.names.set('name.example.com', [...many(127), PRIVATE])
  expect((await expectDenied(bed, proxy, TUNNEL)).detail).toContain(PRIVATE)
  bed.names.set('name.example.com', many(129))
  expect((await expectDenied(bed, proxy, TUNNEL)).detail).toContain('129')
})

test('what the hosts file says of an allowed name is judged like any other answer', async (bed) => {
  bed.setHosts([`127.0.0.1 name.example.com`, `${PRIVATE} inner.example.com`, `${PUBLIC} outer.example.com`])
  await using proxy = await startEgressProxy(bed, { web: { endpoints: [{ host: '*.example.com', port: 443 }] } })

  await expectDenied(bed, proxy, connect('name.example.com:443'))
  await expectDenied(bed, proxy, connect('inner.example.com:443'))
  await openTunnel(proxy, 'outer.example.com:443')

  expect(bed.names.questions).toEqual([])
})

test('a name that the search list completes, or that ends in .local, is judged by the address it got', async (bed) => {
  bed.setResolver(['search corp.example', 'options ndots:2'])
  bed.names.set('intranet.corp.example', [PRIVATE])
  bed.names.set('name.example.com.corp.example', [PRIVATE])
  bed.names.set('printer.local', ['192.168.1.9'])
  await using proxy = await startEgressProxy(bed, {
    web: { endpoints: ['intranet', 'name.example.com', 'printer.local'].map((host) => ({ host, port: 443 })) },
  })

  for (const host of ['intranet', 'name.example.com', 'printer.local']) {
    const { status } = await answerTo(proxy, connect(`${host}:443`))
    expect([host, [403, 502].includes(status)]).toEqual([host, true])
  }
  await bed.settle()
  expect(bed.arrivals.dialled).toEqual([])
})

test('a denied name is never looked up, whatever it carries, and by neither way out (127)', async (bed) => {
  const secret = 'mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpiydcmrtgq2q'
  bed.setResolver(['search corp.example'])
  await using proxy = await startEgressProxy(bed, {
    ...POLICY,
    wild: { endpoints: [{ host: '*.allowed.example', port: 443 }], binaries: [{ path: '/usr/bin/git' }] },
    hostless: { endpoints: [{ port: 80, allowed_ips: ['10.0.0.0/8'], resolve: ['corp.example'] }] },
  })

  for (const host of [
    `${secret}.evil.com`,
    `${secret}.name.example.com`,
    `${secret}.allowed.example`,
    `${secret}.${secret}.allowed.example`,
    `${secret}.corp.example.evil.com`,
    `name.example.com.${secret}.evil.com`,
    `${secret}.localhost`,
    secret,
  ]) {
    for (const port of [443, 80, 53, 8443]) {
      await expectDenied(bed, proxy, connect(`${host}:${port}`))
      await expectDenied(bed, proxy, get(`http://${host}:${port}/`))
    }
  }
  // Allowed by CONNECT and not by URL, or on the other port only.
  await expectDenied(bed, proxy, get('http://name.example.com:443/'))
  await expectDenied(bed, proxy, connect('name.example.com:8443'))

  expect(bed.names.questions).toEqual([])
})
