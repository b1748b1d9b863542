import { parseAuthority } from '@nemoclaw/proxy-core/policy'
import { expect } from 'vitest'
import type { EgressBed } from './egress-bed.js'
import { connect, get, send } from './egress-client.js'
import { type EgressProxy, startEgressProxy, startUncheckedProxy } from './egress-proxy.js'
import { DOTTED_IPV6, EMBEDDED_IPV4, NEVER, NOT_GLOBAL, ODD_IPV4 } from './special-addresses.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const IPV6 = [...EMBEDDED_IPV4, ...DOTTED_IPV6]
const PLAIN = [...NEVER, ...NOT_GLOBAL]
const AT_ONCE = 8
const EVERYTHING = ['0.0.0.0/0', '::/0']
const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address)

/** A policy that names each of these hosts, as far as a request could name it. */
function policyNaming(hosts: readonly string[], allowedIps: readonly string[]) {
  const canonical = hosts.flatMap((host) => {
    try {
      return [parseAuthority(`${bracketed(host)}:8000`).host]
    } catch {
      return []
    }
  })
  const endpoints = [...new Set(canonical)].map((host) => ({ host, ports: [8000], allowedIps, resolve: [], rules: [] }))
  return [{ name: 'all', binaries: [], endpoints }]
}

/** Statuses of one request for each, by what was asked for. */
async function statuses(proxy: EgressProxy, hosts: readonly string[], request: (host: string) => string) {
  const all: Record<string, string> = {}
  const left = [...hosts]
  const askNext = async () => {
    for (let host = left.shift(); host !== undefined; host = left.shift()) {
      const { answers, endedBy } = await send(proxy, request(bracketed(host)), { waitMs: 5_000 })
      all[host] = `${answers.map(({ status, code }) => `${status} ${code ?? ''}`).join()} ended by ${endedBy}`
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askNext))
  return all
}

const MALFORMED = '400 invalid_request ended by proxy'
const DENIED = '403 destination_denied ended by proxy'
const each = (hosts: readonly string[], outcome: string) => Object.fromEntries(hosts.map((host) => [host, outcome]))

async function expectNothingOut(bed: EgressBed) {
  await bed.settle()
  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])
}

test('an IPv4 address in any other form than the dotted quad is no host: 400, by CONNECT and by URL (112)', async (bed) => {
  await using proxy = await startUncheckedProxy(bed, policyNaming(ODD_IPV4, EVERYTHING))
  const odd = ODD_IPV4.filter((host) => host !== '127.0.0.1.') // A dotted quad and the dot of the root.

  expect(await statuses(proxy, odd, (host) => connect(`${host}:8000`))).toEqual(each(odd, MALFORMED))
  expect(await statuses(proxy, odd, (host) => get(`http://${host}:8000/`))).toEqual(each(odd, MALFORMED))
  expect(await statuses(proxy, ['127.0.0.1.'], (host) => connect(`${host}:8000`))).toEqual({
    '127.0.0.1.': expect.stringMatching(/^40[03] /),
  })
  await expectNothingOut(bed)
})

test('a zone names an interface of ours and is no part of a host: 400 (112)', async (bed) => {
  await using proxy = await startUncheckedProxy(bed, policyNaming(['fe80::1'], EVERYTHING))
  const zoned = ['fe80::1%eth0', 'fe80::1%25eth0', 'fe80::1%lo', '::1%25lo', 'fd00::1%251']

  expect(await statuses(proxy, zoned, (host) => connect(`${host}:8000`))).toEqual(each(zoned, MALFORMED))
  expect(await statuses(proxy, zoned, (host) => get(`http://${host}:8000/`))).toEqual(each(zoned, MALFORMED))
  await expectNothingOut(bed)
})

test('IPv6 that holds IPv4 is not global, in whatever form and spelling, though the policy names it (112)', async (bed) => {
  await using proxy = await startUncheckedProxy(bed, policyNaming(IPV6, []))

  expect(await statuses(proxy, IPV6, (host) => connect(`${host}:8000`))).toEqual(each(IPV6, DENIED))
  expect(await statuses(proxy, IPV6, (host) => get(`http://${host}:8000/`))).toEqual(each(IPV6, DENIED))
  await expectNothingOut(bed)
})

test('and is of the class of that IPv4: what may never be reached is not, though every address is listed (112)', async (bed) => {
  const never = IPV6.filter((address) =>
    /7f00:|127\.|a9fe:|169\.254|a83f:|6464:|80ff:|5601:|57c0:|9b9b:/i.test(address),
  )
  await using proxy = await startUncheckedProxy(bed, policyNaming(never, EVERYTHING))

  expect(never.length).toBeGreaterThan(30)
  expect(await statuses(proxy, never, (host) => connect(`${host}:8000`))).toEqual(each(never, DENIED))
  await expectNothingOut(bed)
})

test('no special range is reached where the policy names the address itself (113)', async (bed) => {
  await using proxy = await startUncheckedProxy(bed, policyNaming(PLAIN, []))

  expect(await statuses(proxy, PLAIN, (host) => connect(`${host}:8000`))).toEqual(each(PLAIN, DENIED))
  expect(await statuses(proxy, PLAIN, (host) => get(`http://${host}:8000/`))).toEqual(each(PLAIN, DENIED))
  await expectNothingOut(bed)
})

test('this machine, its link and metadata services are not reached though every address is listed (113)', async (bed) => {
  await using proxy = await startUncheckedProxy(bed, policyNaming(NEVER, EVERYTHING))

  expect(await statuses(proxy, NEVER, (host) => connect(`${host}:8000`))).toEqual(each(NEVER, DENIED))
  expect(await statuses(proxy, NEVER, (host) => get(`http://${host}:8000/`))).toEqual(each(NEVER, DENIED))
  await expectNothingOut(bed)
})

test('clear text leads to RFC 1918 and RFC 4193 and to no other range, though every address is listed (113)', async (bed) => {
  const elsewhere = PLAIN.filter(
    (address) => !/^(10|172\.(16|31)|192\.168|f[cd])/i.test(address) || NEVER.includes(address),
  )
  await using proxy = await startUncheckedProxy(bed, policyNaming(elsewhere, EVERYTHING))

  expect(await statuses(proxy, elsewhere, (host) => get(`http://${host}:8000/`))).toEqual(each(elsewhere, DENIED))
  await expectNothingOut(bed)
})

test('a name with such an address is denied as the address is (112, 113)', async (bed) => {
  const addresses = [...IPV6, ...PLAIN]
  const names = new Map(addresses.map((address, index) => [`n${index}.example.com`, address]))
  for (const [name, address] of names) bed.names.set(name, [address])
  await using proxy = await startEgressProxy(bed, { web: { endpoints: [{ host: '*.example.com', port: 8000 }] } })

  const outcomes = await statuses(proxy, [...names.keys()], (host) => connect(`${host}:8000`))
  const byAddress = Object.fromEntries([...names].map(([name, address]) => [address, outcomes[name]]))

  // A resolver may keep what it takes for no answer to itself: 0.0.0.0 and its like are then as good as none.
  expect(byAddress).toEqual(each(addresses, DENIED))
  await bed.settle()
  expect(bed.arrivals.dialled).toEqual([])
})
