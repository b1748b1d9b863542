import { afterAll } from 'vitest'
import { testNeeding } from '../state/test-needing.js'
import { type EgressBed, missingForBed, startEgressBed } from './egress-bed.js'

type TestInBed = (name: string, body: (bed: EgressBed) => Promise<void>, timeoutMs?: number) => void

/** Tests of one file, one after the other in one bed, which is cleared before each. */
export function testsInBed(): TestInBed {
  const needing = testNeeding(missingForBed())
  let bed: Promise<EgressBed> | undefined
  afterAll(async () => (await bed)?.[Symbol.asyncDispose]())
  return (name, body, timeoutMs) =>
    needing(
      name,
      async () => {
        bed ??= startEgressBed()
        const started = await bed
        started.clear()
        await body(started)
      },
      timeoutMs,
    )
}
