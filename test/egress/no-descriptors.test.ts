import { readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { converseOn } from '../bad-input/converse.js'
import { answerTo, connect } from './egress-client.js'
import { startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

const DESCRIPTORS = 100

test('without descriptors the own user is told so, and is not asked for a token', async (bed) => {
  await using proxy = await startEgressProxy(bed, {}, { descriptors: DESCRIPTORS })
  // One that it has inherited may be beyond the limit.
  const openDescriptors = () => readdirSync(`/proc/${proxy.pid}/fd`).filter((fd) => Number(fd) < DESCRIPTORS).length
  expect((await answerTo(proxy, connect('evil.com:443'))).status).toBe(403)

  // It opens one for a moment now and then, to see whether its policy has changed.
  const hasNone = async () => {
    for (let look = 0; look < 10; look++) {
      if (openDescriptors() < DESCRIPTORS) return false
      await wait(20)
    }
    return true
  }

  const held: Socket[] = []
  while (!(await hasNone())) {
    expect(held.length).toBeLessThan(DESCRIPTORS)
    held.push((await proxy.dial()).on('error', () => {}))
    await wait(20)
  }
  const { answers } = await converseOn(held[0]!, connect('evil.com:443'))
  for (const socket of held) socket.destroy()

  expect(answers.map(({ status, code }) => [status, code])).toEqual([[503, 'too_many_tunnels']])
  await expect.poll(openDescriptors).toBeLessThan(DESCRIPTORS - held.length + 5)
  expect((await answerTo(proxy, connect('evil.com:443'))).status).toBe(403)
})
