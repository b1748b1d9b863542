import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { EgressBed } from './egress-bed.js'
import { startUncheckedProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const EXCHANGE = fileURLToPath(new URL('programs/exchange-bytes.mjs', import.meta.url))
const HOST = 'api.example.com'
const PORT = 9000
const TUNNELS = 200

interface Exchanged {
  readonly whole: number
  readonly reset: number
  readonly wrong: readonly string[]
  readonly bytes: number
}

async function exchangeBytes(bed: EgressBed, port: number, count: number, seed: string): Promise<Exchanged> {
  const command = [process.execPath, EXCHANGE, String(port), HOST, String(PORT), String(count), seed]
  const { stdout, stderr, code } = await bed.run(command)
  if (code !== 0) throw new Error(`the exchange ended with exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as Exchanged
}

test('what is sent through 200 tunnels at once arrives as it was sent, in pieces of any size, whoever reads slowly, ends early or resets', async (bed) => {
  bed.names.set(HOST, ['93.184.216.34'])
  const endpoint = { host: HOST, ports: [PORT], allowedIps: [], resolve: [], rules: [] }
  await using proxy = await startUncheckedProxy(bed, [{ name: 'api', binaries: [], endpoints: [endpoint] }])
  const openDescriptors = () => readdirSync(`/proc/${proxy.pid}/fd`).length
  await exchangeBytes(bed, proxy.port, 1, 'first')
  const before = openDescriptors()
  const linesBefore = proxy.lines.length

  const seed = process.env['SEED'] ?? String(Date.now())
  const exchanged = await exchangeBytes(bed, proxy.port, TUNNELS, seed)
  console.log(`seed ${seed}: ${JSON.stringify(exchanged)}`)

  expect(exchanged.wrong).toEqual([])
  expect(exchanged.whole).toBeGreaterThan(TUNNELS / 2)
  expect(exchanged.reset).toBeGreaterThan(TUNNELS / 10)
  await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThan(before + 5)
  const outcomes = proxy.lines
    .slice(linesBefore)
    .filter(({ kind }) => kind === 'tunnel')
    .map((line) => line['outcome'])
  expect(outcomes.filter((outcome) => outcome === 'complete')).toHaveLength(exchanged.whole)
  expect(outcomes).toHaveLength(exchanged.whole + exchanged.reset)
  expect(proxy.lines.filter(({ kind }) => kind === 'fault')).toEqual([])
}, 90_000)
