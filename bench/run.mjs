// npm run bench [-- NAME [rounds]]: prints the tables of docs/benchmarks.md.
import { availableParallelism, cpus } from 'node:os'
import { benchCallingProgram } from './calling-program.mjs'
import { benchEgressDecision } from './egress-decision.mjs'
import { benchExchange } from './exchange.mjs'
import { benchRotation } from './rotation.mjs'
import { benchScan } from './scan.mjs'
import { benchStartup } from './startup.mjs'
import { benchTunnel } from './tunnel.mjs'

const BENCHES = {
  startup: benchStartup,
  rotation: benchRotation,
  exchange: benchExchange,
  scan: benchScan,
  'calling-program': benchCallingProgram,
  'egress-decision': benchEgressDecision,
  tunnel: benchTunnel,
}

const [name, rounds] = process.argv.slice(2)
if (name !== undefined && !Object.hasOwn(BENCHES, name)) {
  console.error(`There is no benchmark ${name}; there are: ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}
const processor = cpus()[0]?.model.trim() ?? 'an unknown processor'
console.log(`Node ${process.versions.node}, ${availableParallelism()} cores of ${processor}, ${process.platform}`)
for (const [each, bench] of Object.entries(BENCHES)) {
  if (name !== undefined && name !== each) continue
  console.log(`\n## ${each}, ${new Date().toISOString().slice(0, 10)}\n`)
  await bench(rounds === undefined ? undefined : Number(rounds))
}
