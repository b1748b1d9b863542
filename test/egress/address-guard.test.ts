import { expect } from 'vitest'
import { answers } from './arrivals.js'
import { answerTo, connect, expectDenied, get, openTunnel } from './egress-client.js'
import { startEgressProxy, startUncheckedProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

/** Every address there is. No file may list them. */
const EVERYTHING = ['0.0.0.0/0', '::/0']
const rest = { resolve: [], rules: [] }
const policyOf = (host: string, allowedIps: readonly string[]) => ({
  name: 'p',
  binaries: [],
  endpoints: [{ host, ports: [8000], allowedIps, ...rest }],
})
const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

test('SSRF-1 a loopback address is denied though the policy names its host', async (bed) => {
  bed.names.set('local.example.com', ['127.0.0.1'])
  bed.names.set('local6.example.com', ['::1'])
  const hosts = ['local.example.com', 'local6.example.com', 'localhost', '127.0.0.1', '127.9.9.9', '::1']
  await using proxy = await startUncheckedProxy(
    bed,
    hosts.map((host) => policyOf(host, [])),
  )

  for (const host of hosts.map(bracketed)) {
    await expectDenied(bed, proxy, connect(`${host}:8000`))
    await expectDenied(bed, proxy, get(`http://${host}:8000/`))
  }
})

test('SSRF-2 a metadata service is denied though the policy names it, by address or by name', async (bed) => {
  const hosts = [
    '169.254.169.254',
    '169.254.170.2',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    'metadata.google.internal',
    'metadata.azure.internal',
    'instance-data',
    'innocent.example.com',
  ]
  for (const name of hosts) bed.names.set(name, ['169.254.169.254'])
  await using proxy = await startUncheckedProxy(
    bed,
    [[], EVERYTHING].flatMap((allowedIps) => hosts.map((host) => policyOf(host, allowedIps))),
  )

  for (const host of hosts.map(bracketed)) {
    for (const spelling of [host, host.toUpperCase(), ...(/[a-z]$/.test(host) ? [`${host}.`] : [])]) {
      await expectDenied(bed, proxy, connect(`${spelling}:8000`))
      await expectDenied(bed, proxy, get(`http://${spelling}:8000/latest/meta-data/`))
    }
  }
})

test('SSRF-3 the log says which address was refused and why', async (bed) => {
  bed.names.set('meta.example.com', ['169.254.169.254'])
  bed.names.set('inner.example.com', ['192.168.1.1'])
  await using proxy = await startEgressProxy(bed, {
    web: { endpoints: ['meta', 'inner'].map((name) => ({ host: `${name}.example.com`, port: 8000 })) },
  })

  await expectDenied(bed, proxy, connect('meta.example.com:8000'))
  await expectDenied(bed, proxy, connect('inner.example.com:8000'))

  expect(await proxy.line({ kind: 'egress', host: 'meta.example.com' })).toMatchObject({
    action: 'deny',
    reason: expect.stringMatching(/169\.254\.169\.254.*(metadata|link-local)/),
  })
  expect(await proxy.line({ kind: 'egress', host: 'inner.example.com' })).toMatchObject({
    action: 'deny',
    reason: expect.stringMatching(/192\.168\.1\.1.*private/),
  })
})

test('SSRF-4 allowed_ips open a private address to the host they stand with', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223', '10.86.8.224', 'fd00::1'])
  await using proxy = await startEgressProxy(bed, {
    lab: { endpoints: [{ host: 'lab.example.com', port: 8000, allowed_ips: ['10.86.8.0/24', 'fd00::/8'] }] },
  })

  await openTunnel(proxy, 'lab.example.com:8000')
  await bed.settle()

  expect(bed.arrivals.dialled).toHaveLength(1)
  expect(['10.86.8.223:8000', '10.86.8.224:8000', 'fd00::1:8000']).toContain(bed.arrivals.dialled[0])
})

test('SSRF-5 allowed_ips without a host open private addresses, and names below a domain that resolve to them', async (bed) => {
  bed.names.set('a.corp.example', ['10.86.8.223'])
  bed.names.set('b.corp.example', ['10.87.0.1'])
  bed.names.set('a.other.example', ['10.86.8.223'])
  bed.arrivals.greet = answers('HTTP/1.1 204 No Content\r\n\r\n')
  await using proxy = await startEgressProxy(bed, {
    lab: { endpoints: [{ port: 8000, allowed_ips: ['10.86.8.0/24', 'fd00::/64'], resolve: ['corp.example'] }] },
  })

  await openTunnel(proxy, '10.86.8.223:8000')
  await openTunnel(proxy, '[fd00::9]:8000')
  await openTunnel(proxy, 'a.corp.example:8000')
  expect((await answerTo(proxy, get('http://10.86.8.223:8000/'))).status).toBe(204)
  expect((await answerTo(proxy, get('http://a.corp.example:8000/'))).status).toBe(204)
  for (const host of ['10.87.0.1', '10.86.9.223', '93.184.216.34', '[fd00:0:0:1::9]', 'b.corp.example']) {
    await expectDenied(bed, proxy, connect(`${host}:8000`))
  }
  await expectDenied(bed, proxy, connect('10.86.8.223:443'))
  await expectDenied(bed, proxy, connect('a.other.example:8000'))
  await expectDenied(bed, proxy, connect('corp.example.evil.com:8000'))
  await expectDenied(bed, proxy, connect('evilcorp.example:8000'))
  expect(bed.names.namesAsked).toEqual(['a.corp.example', 'b.corp.example'])
})

test('SSRF-6 a private address is denied where the endpoint has no allowed_ips, and the answer says how to open it', async (bed) => {
  const addresses = ['10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.0.1', 'fc00::1', 'fdff::1']
  for (const [index, address] of addresses.entries()) bed.names.set(`n${index}.example.com`, [address])
  await using proxy = await startEgressProxy(bed, { web: { endpoints: [{ host: '*.example.com', port: 8000 }] } })

  for (const [index, address] of addresses.entries()) {
    const content = await expectDenied(bed, proxy, connect(`n${index}.example.com:8000`))
    expect(content.detail).toContain(address)
    expect(content.next_steps.join()).toContain(`--allowed-ip ${address}/`)
  }
})

test('SSRF-7 loopback is denied even where allowed_ips list it, should a policy ever hold such a thing', async (bed) => {
  bed.names.set('local.example.com', ['127.0.0.1'])
  const hosts = ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', 'localhost', 'local.example.com']
  await using proxy = await startUncheckedProxy(bed, [
    ...hosts.map((host) => policyOf(host, ['127.0.0.0/8', '::1/128', '::ffff:0:0/96'])),
    { name: 'hostless', binaries: [], endpoints: [{ ports: [8000], allowedIps: EVERYTHING, ...rest }] },
  ])

  for (const host of hosts.map(bracketed)) {
    await expectDenied(bed, proxy, connect(`${host}:8000`))
    await expectDenied(bed, proxy, get(`http://${host}:8000/`))
  }
})
