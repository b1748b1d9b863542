import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { converseOn } from '../bad-input/converse.js'
import type { LogLine } from '../session/run-proxy-command.js'
import { echoes } from './arrivals.js'
import type { EgressBed } from './egress-bed.js'
import { answerTo, closed, connect, expectDenied, get, openTunnel } from './egress-client.js'
import { type EgressProxy, type NetworkPolicies, startEgressProxy, startUncheckedProxy } from './egress-proxy.js'
import { holdArrivals, putLoad } from './load.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const WEB: NetworkPolicies = {
  web: { endpoints: [{ host: 'api.example.com', ports: [443, 9000] }] },
}
/** Where a process of the bed takes the connections, not the test. */
const HELD_PORT = 9000
const HELD = `api.example.com:${HELD_PORT}`
const MAX_TUNNELS = 4_096

/** A token, as `run` gives each program one: of who has none, the user is looked up each time. */
function withToken(bed: EgressBed): readonly string[] {
  const file = join(bed.folder, 'token')
  writeFileSync(file, 'laptop-token-0123456789\n', { mode: 0o600 })
  return ['--client-token', `laptop=${file}`]
}

async function expectServed(bed: EgressBed, proxy: EgressProxy) {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.arrivals.greet = echoes // It ends when we do.
  const tunnel = await openTunnel(proxy, 'api.example.com:443')
  tunnel.end()
  await closed(tunnel)
  await expectDenied(bed, proxy, connect('evil.com:443'))
}

const openDescriptors = (proxy: EgressProxy) => readdirSync(`/proc/${proxy.pid}/fd`).length

test('10,000 idle tunnels: as many as are served at once are, the others get 503, and everybody else is served', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, WEB, { args: withToken(bed) })
  await using _sink = await holdArrivals(bed, HELD_PORT)
  await expectDenied(bed, proxy, connect('evil.com:443'))
  const before = { descriptors: openDescriptors(proxy), bytes: proxy.residentBytes() }

  const load = await putLoad(bed, 'connects', proxy.port, HELD, 10_000)
  const perTunnel = Math.round((proxy.residentBytes() - before.bytes) / MAX_TUNNELS)
  console.log(`${perTunnel} bytes of resident memory per idle tunnel`)

  expect(load.outcome).toEqual({ 200: MAX_TUNNELS, 503: 10_000 - MAX_TUNNELS })
  expect(perTunnel).toBeLessThan(64 * 1024)
  const refused = await answerTo(proxy, connect('api.example.com:443'))
  expect([refused.status, refused.code]).toEqual([503, 'too_many_tunnels'])
  const inference = await openTunnel(proxy, 'inference.local:443')
  inference.destroy()

  await load[Symbol.asyncDispose]()
  await expect.poll(() => openDescriptors(proxy), { timeout: 10_000 }).toBeLessThan(before.descriptors + 20)
  await expectServed(bed, proxy)
}, 90_000)

test('10,000 clients that reset their connection right behind CONNECT leave nothing open and no place taken', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, WEB, { args: withToken(bed) })
  await using _sink = await holdArrivals(bed, HELD_PORT)
  await expectServed(bed, proxy)
  const before = openDescriptors(proxy)

  await using load = await putLoad(bed, 'resets', proxy.port, HELD, 10_000)

  expect(load.outcome).toEqual({ reset: 10_000 })
  const told = (members: LogLine) =>
    proxy.lines.filter((line) => Object.entries(members).every(([name, value]) => line[name] === value)).length
  await expect
    .poll(() => told({ kind: 'egress', action: 'tunnel' }) - told({ kind: 'tunnel' }), { timeout: 10_000 })
    .toBe(0)
  await expect.poll(() => openDescriptors(proxy), { timeout: 10_000 }).toBeLessThan(before + 5)
  await expectServed(bed, proxy)
  expect(proxy.lines.filter(({ kind }) => kind === 'fault')).toEqual([])
}, 90_000)

test('500 clients that send their head a byte a second are ended, and hold up nobody meanwhile', async (bed) => {
  await using proxy = await startUncheckedProxy(
    bed,
    [
      {
        name: 'web',
        binaries: [],
        endpoints: [{ host: 'api.example.com', ports: [443], allowedIps: [], resolve: [], rules: [] }],
      },
    ],
    { headTimeoutMs: 3_000 },
  )

  await using load = await putLoad(bed, 'trickle', proxy.port, 'api.example.com:443', 500)
  const startedAt = performance.now()
  await expectServed(bed, proxy)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  await new Promise((resolve) => setTimeout(resolve, 5_000))

  expect(await load.release()).toEqual({ closed: 500 })
})

test('where descriptors run out connections fail one by one, and it recovers once they are free', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, WEB, { args: withToken(bed), descriptors: 64 })
  await using _sink = await holdArrivals(bed, HELD_PORT)

  await using first = await putLoad(bed, 'connects', proxy.port, HELD, 8)
  await using crowd = await putLoad(bed, 'connects', proxy.port, HELD, 100)
  expect(first.outcome).toEqual({ 200: 8 })
  // Accepted and without a descriptor for the way on, or not accepted.
  const { 200: opened = 0, ...refused } = crowd.outcome
  expect(opened).toBeLessThan(24)
  expect(Object.keys(refused).filter((status) => !['502', '503', 'none'].includes(status))).toEqual([])
  await crowd.release()
  await using silent = await putLoad(bed, 'holds', proxy.port, '-', 200)
  await silent.release()
  expect(await first.release()).toEqual({ 200: 8 })

  await expect
    .poll(
      () =>
        openTunnel(proxy, 'api.example.com:443').then(
          () => 'served',
          () => 'not yet',
        ),
      { timeout: 10_000 },
    )
    .toBe('served')
  await expectDenied(bed, proxy, connect('evil.com:443'))
}, 60_000)

test('a denied upload that never ends is cut off, and none of it is kept', async (bed) => {
  await using proxy = await startEgressProxy(bed, WEB)
  const upload = await proxy.dial()
  upload.on('error', () => {})
  upload.write(`${get('http://evil.com/up').replace('GET', 'POST').trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  let isOver = false
  const before = proxy.residentBytes()
  const pour = async () => {
    while (!isOver) {
      if (!upload.write(chunk))
        await Promise.race([
          new Promise((resolve) => upload.once('drain', resolve)),
          new Promise((resolve) => setTimeout(resolve, 50)),
        ])
    }
  }

  const pouring = pour()
  const { answers } = await converseOn(upload, '', { waitMs: 8_000 })
  await closed(upload)
  isOver = true
  await pouring

  expect(answers).toEqual([expect.objectContaining({ status: 403, code: 'destination_denied' })])
  expect(proxy.residentBytes() - before).toBeLessThan(64 * 1024 * 1024)
  expect(bed.names.questions).toEqual([])
})

test('no text of a client makes a line of the log, or moves the cursor of who reads it', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, {
    lab: { endpoints: [{ host: 'lab.example.com', port: 8000, allowed_ips: ['10.86.8.0/24'] }] },
  })
  const forged = '{"kind":"egress","action":"tunnel","host":"forged.example"}'

  for (const bytes of [
    connect(`evil.com\n${forged}:443`),
    connect('evil\x1b[31m.com:443'),
    connect(`${'a'.repeat(3_000)}.evil.com:443`),
    get(`http://evil.com/\x1b]0;title\x07`),
    get(`http://evil.com/%0a${forged}`, ['Host: evil.com']),
    get('http://evil.com/a\u009b31m', ['Host: evil.com']),
    get(`http://evil.com/`, ['Host: evil.com', `User-Agent: a\x1b[2J\t${forged}`]),
    get('http://lab.example.com:8000/a', ['Host: lab.example.com:8000', 'User-Agent: \x1b[31m', 'Via: 1.1 \x1b[31m']),
    `GET\x1b[31m http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n`,
    `${forged}\r\n\r\n`,
  ]) {
    await converseOn(await proxy.dial(), bytes, { waitMs: 1_000 })
  }

  // Each line was read as JSON on the way here.
  expect(proxy.output()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(proxy.lines.filter(({ host, action }) => host === 'forged.example' || action === 'tunnel')).toEqual([])
  expect(
    Math.max(
      ...proxy
        .output()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThan(4_096)
})
