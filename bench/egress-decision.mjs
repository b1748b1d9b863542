// What the egress gate costs before anything is looked up: `decideEgress` for destinations that a policy allows, by exact
// name and by wildcard, and for those that it does not, with 10, 1,000 and 100,000 endpoints; and what compiling the policy
// takes. No sockets: the functions that each CONNECT passes, called with names it has not seen before.
//
//   npm run bench -- egress-decision [rounds]
import { CompiledPolicy, decideEgress } from '../packages/proxy-core/dist/policy/index.js'
import { alternate } from './measure/alternate.mjs'
import { summary, table } from './report.mjs'

const SIZES = [10, 1_000, 100_000]
const DECISIONS = 20_000
const MAX_ROUNDS = 200
const COMPILE_ROUNDS = 5
const MIB = 1024 * 1024

export async function benchEgressDecision(rounds = 25) {
  const sources = new Map(SIZES.map((size) => [size, policyOf(size)]))
  const subjects = {}
  for (const [size, source] of sources) {
    const policy = new CompiledPolicy(source)
    for (const [name, { action, host }] of Object.entries(ASKED)) {
      subjects[`${name}|${size}`] = () => nanosecondsPerDecision(policy, action, (index) => host(index, size))
    }
  }
  const results = await alternate(subjects, Math.min(rounds, MAX_ROUNDS))
  console.log(
    table(
      ['asked for', ...SIZES.map((size) => `${size.toLocaleString('en')} endpoints, ns: min / median / max`)],
      Object.keys(ASKED).map((name) => [name, ...SIZES.map((size) => summary(results[`${name}|${size}`]).text)]),
    ),
  )
  const compiled = SIZES.map((size) => [size, compilation(sources.get(size))])
  console.log(
    `\n${table(
      ['endpoints', 'compiling, ms: min / median / max', 'memory of the result, MiB'],
      compiled.map(([size, { ms, mib }]) => [
        size.toLocaleString('en'),
        summary(ms, 2).text,
        mib === undefined ? 'not measured: needs node --expose-gc' : mib.toFixed(1),
      ]),
    )}`,
  )
}

/** A real policy is a mixture: of ten endpoints seven are exact, one is a wildcard, one an address, one hostless. */
function policyOf(size) {
  return {
    policies: Array.from({ length: size / 10 }, (_, group) => ({
      name: `group-${group}`,
      binaries: [],
      endpoints: Array.from({ length: 10 }, (_, index) => ({
        ...NAMED_BY[Math.max(0, index - 6)](group, index),
        rules: [],
      })),
    })),
  }
}

const plain = { ports: [443], allowedIps: [], resolve: [] }
const NAMED_BY = [
  (group, index) => ({ ...plain, host: `api-${index}.group-${group}.example.com` }),
  (group) => ({ ...plain, host: `*.wild-${group}.example.com` }),
  (group) => ({ ...plain, host: `93.${100 + (group >> 16)}.${(group >> 8) & 255}.${group & 255}` }),
  (group) => ({
    ...plain,
    allowedIps: [`10.${(group >> 8) & 255}.${group & 255}.0/24`],
    resolve: [`corp-${group}.example.net`],
  }),
]

/** Group that the n-th question is about: all over the policy, so that no cache of the processor holds what it finds. */
const group = (index, size) => (index * 7919) % (size / 10)
const ASKED = {
  'an exact name': {
    action: 'allow',
    host: (index, size) => `api-${index % 7}.group-${group(index, size)}.example.com`,
  },
  'a name under a wildcard': {
    action: 'allow',
    host: (index, size) => `x${index}.wild-${group(index, size)}.example.com`,
  },
  'a name under `resolve`': {
    action: 'allow',
    host: (index, size) => `x${index}.lab.corp-${group(index, size)}.example.net`,
  },
  'a name that nothing allows': { action: 'deny', host: (index) => `x${index}.example.org` },
  'a name one label too deep': {
    action: 'deny',
    host: (index, size) => `x${index}.y.wild-${group(index, size)}.example.com`,
  },
  'an address by its own rule': {
    action: 'allow',
    host: (index, size) => {
      const which = group(index, size)
      return `93.${100 + (which >> 16)}.${(which >> 8) & 255}.${which & 255}`
    },
  },
  'an address in a block': {
    action: 'allow',
    host: (index, size) => {
      const which = group(index, size)
      return `10.${(which >> 8) & 255}.${which & 255}.${index & 255}`
    },
  },
  'an address that nothing allows': { action: 'deny', host: (index) => `8.8.${(index >> 8) & 255}.${index & 255}` },
}

function nanosecondsPerDecision(policy, action, hostOf) {
  // Flat strings whose hash nobody has computed yet, as the parser of a request line makes them.
  const requests = Array.from({ length: DECISIONS }, (_, index) => ({
    host: Buffer.from(hostOf(index), 'latin1').toString('latin1'),
    port: 443,
    via: 'tunnel',
  }))
  const begin = process.cpuUsage()
  let asked = 0
  for (const request of requests) {
    if (decideEgress(policy, request).action === action) asked++
  }
  const { user, system } = process.cpuUsage(begin)
  if (asked !== DECISIONS) throw new Error(`${DECISIONS - asked} of ${DECISIONS} were not decided as ${action}`)
  return ((user + system) * 1000) / DECISIONS
}

function compilation(source) {
  let kept
  const ms = Array.from({ length: COMPILE_ROUNDS }, () => {
    const begin = performance.now()
    kept = new CompiledPolicy(source)
    return performance.now() - begin
  })
  if (globalThis.gc === undefined || kept === undefined) return { ms }
  kept = undefined
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  kept = new CompiledPolicy(source)
  globalThis.gc()
  return { ms, mib: (process.memoryUsage().heapUsed - before) / MIB, kept }
}

if (import.meta.filename === process.argv[1]) {
  await benchEgressDecision(process.argv[2] === undefined ? undefined : Number(process.argv[2]))
}
