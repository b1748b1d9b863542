import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { expect } from 'vitest'
import { echoes } from './arrivals.js'
import { answerTo, connect, expectDenied, openTunnel, readUntil } from './egress-client.js'
import { startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

/** What the connections of these tests come from. */
const OURS = { path: realpathSync(process.execPath) }
const GIT = { path: '/usr/bin/git' }
const API = { host: 'api.example.com', port: 443 }

test('L4-1 CONNECT to a host and port that a policy allows gets 200, and bytes and ends pass both ways', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.arrivals.greet = echoes
  await using proxy = await startEgressProxy(bed, { api: { endpoints: [API] } })

  const tunnel = await openTunnel(proxy, 'api.example.com:443')
  tunnel.write('not HTTP\0\xff', 'latin1')
  expect(await readUntil(tunnel, '\xff')).toBe('not HTTP\0\xff')
  tunnel.end('last')
  expect(await readUntil(tunnel, 'last')).toBe('last')
  await once(tunnel.resume(), 'end')

  expect(bed.arrivals.dialled).toEqual(['93.184.216.34:443'])
  expect(bed.arrivals.all[0]).toMatchObject({ bytes: 'not HTTP\0\xfflast', hasEnded: true })
})

test('L4-2 CONNECT to a host that no policy names gets 403, with how to allow it', async (bed) => {
  bed.names.set('other.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, { api: { endpoints: [API] } })

  const content = await expectDenied(bed, proxy, connect('other.example.com:443'))

  expect(content).toMatchObject({
    detail: expect.stringContaining('other.example.com:443'),
    policy: null,
    next_steps: expect.arrayContaining([expect.stringMatching(/^nemoclaw policy allow .*other\.example\.com:443$/)]),
  })
})

test('L4-2 where the policy names nothing at all, everything is denied', async (bed) => {
  await using proxy = await startEgressProxy(bed, {})

  await expectDenied(bed, proxy, connect('api.example.com:443'))
  expect(bed.names.questions).toEqual([])
})

test('L4-3 CONNECT to an allowed host on a port that is not gets 403, and the answer names the port that is', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, { api: { endpoints: [API] } })

  for (const port of [22, 80, 8443, 444, 4430, 44, 65_535]) {
    const { detail } = await expectDenied(bed, proxy, connect(`api.example.com:${port}`))
    expect(detail).toContain('443')
  }
})

test('L4-4 CONNECT to an allowed host by a program that is not gets 403, and the answer names the program', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, { api: { endpoints: [API], binaries: [GIT] } })

  const content = await expectDenied(bed, proxy, connect('api.example.com:443'))

  expect(content).toMatchObject({ policy: 'api', detail: expect.stringContaining(OURS.path) })
  expect(content.next_steps.join()).toContain(`--binary ${OURS.path}`)
  expect(bed.names.questions).toEqual([])
})

test('L4-4 and by a program that is allowed, by path or by glob, gets 200', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.names.set('glob.example.com', ['93.184.216.35'])
  await using proxy = await startEgressProxy(bed, {
    api: { endpoints: [API], binaries: [GIT, OURS] },
    glob: { endpoints: [{ host: 'glob.example.com', port: 443 }], binaries: [{ path: '/**/node*' }] },
  })

  await openTunnel(proxy, 'api.example.com:443')
  await openTunnel(proxy, 'glob.example.com:443')
  await bed.settle()

  expect(bed.arrivals.dialled).toEqual(['93.184.216.34:443', '93.184.216.35:443'])
})

test('L4-5 a host with *. allows exactly one further label', async (bed) => {
  for (const name of ['a.example.com', 'a.b.example.com', 'example.com', 'aexample.com', 'a.example.com.evil.org']) {
    bed.names.set(name, ['93.184.216.34'])
  }
  await using proxy = await startEgressProxy(bed, { wild: { endpoints: [{ host: '*.example.com', port: 443 }] } })

  await openTunnel(proxy, 'a.example.com:443')
  await openTunnel(proxy, 'A.Example.COM.:443')
  for (const name of ['a.b.example.com', 'example.com', 'aexample.com', 'a.example.com.evil.org']) {
    await expectDenied(bed, proxy, connect(`${name}:443`))
  }
  expect((await answerTo(proxy, connect('.example.com:443'))).status).toBe(400)
  expect((await answerTo(proxy, connect('*.example.com:443'))).status).toBe(400)
  expect(bed.names.namesAsked).toEqual(['a.example.com'])
})

test('L4-6 one policy lends another neither its host nor its program', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.names.set('git.example.com', ['93.184.216.35'])
  await using proxy = await startEgressProxy(bed, {
    api: { endpoints: [API], binaries: [OURS] },
    git: { endpoints: [{ host: 'git.example.com', ports: [443, 8443] }], binaries: [GIT] },
  })

  const { policy } = await expectDenied(bed, proxy, connect('git.example.com:443'))
  await expectDenied(bed, proxy, connect('api.example.com:8443'))
  await openTunnel(proxy, 'api.example.com:443')

  expect(policy).toBe('git')
})

test('L4-6 nor its addresses: allowed_ips open what their own endpoint names', async (bed) => {
  bed.names.set('api.example.com', ['10.0.0.1'])
  bed.names.set('lab.example.com', ['10.0.0.1'])
  await using proxy = await startEgressProxy(bed, {
    api: { endpoints: [API] },
    lab: { endpoints: [{ host: 'lab.example.com', port: 443, allowed_ips: ['10.0.0.0/8'] }] },
  })

  await openTunnel(proxy, 'lab.example.com:443')
  const { policy } = await expectDenied(bed, proxy, connect('api.example.com:443'))

  expect(policy).toBe('api')
})

test('L4-7 a denial is told with host, port, policy and reason, and so is what was allowed', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.names.set('inner.example.com', ['10.0.0.1'])
  await using proxy = await startEgressProxy(bed, {
    api: { endpoints: [API, { host: 'inner.example.com', port: 443 }] },
  })

  await openTunnel(proxy, 'api.example.com:443')
  await expectDenied(bed, proxy, connect('other.example.com:8443'))
  await expectDenied(bed, proxy, connect('inner.example.com:443'))

  expect(await proxy.line({ kind: 'egress', host: 'api.example.com' })).toMatchObject({
    method: 'CONNECT',
    port: 443,
    action: 'tunnel',
    policy: 'api',
  })
  expect(await proxy.line({ kind: 'egress', host: 'other.example.com' })).toMatchObject({
    method: 'CONNECT',
    port: 8443,
    action: 'deny',
    reason: expect.stringContaining('no policy'),
  })
  expect(await proxy.line({ kind: 'egress', host: 'inner.example.com' })).toMatchObject({
    action: 'deny',
    policy: 'api',
    reason: expect.stringContaining('10.0.0.1'),
  })
})
