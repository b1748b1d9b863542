import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LoopbackClients } from './loopback-clients.js'
import type { FindClientSocket } from './tcp-tables.js'

const ENDS = { remoteAddress: '127.0.0.1', remotePort: 50_000, localAddress: '127.0.0.1', localPort: 8080 }
const HELD = { uid: 1000, inode: '4711' }

/** A table that takes a time to be read, and says how often it was. */
function slowTable(readMs: number, find: FindClientSocket = () => HELD) {
  const table = {
    readings: 0,
    /** All of them, in milliseconds. */
    tookMs: 0,
    lastMs: 0,
    open: (): FindClientSocket => {
      let isRead = false
      return (ends) => {
        if (!isRead) {
          isRead = true
          table.readings++
          const startedAt = performance.now()
          while (performance.now() < startedAt + readMs);
          table.lastMs = performance.now() - startedAt
          table.tookMs += table.lastMs
        }
        return find(ends)
      }
    },
  }
  return table
}

test('one reading answers all that is asked before it', async () => {
  const table = slowTable(5)
  const clients = new LoopbackClients(table.open)

  const found = await Promise.all(Array.from({ length: 300 }, () => clients.find(ENDS)))

  expect(found).toEqual(Array.from({ length: 300 }, () => HELD))
  expect(table.readings).toBe(1)
})

test('no reading answers what is asked behind it', async () => {
  let holder: typeof HELD | undefined = HELD
  const clients = new LoopbackClients(slowTable(5, () => holder).open)

  expect(await clients.find(ENDS)).toBe(HELD)
  holder = undefined
  expect(await clients.find(ENDS)).toBeUndefined()
})

test('who asks on and on takes no more than a fifth of the time', async () => {
  const table = slowTable(10)
  const clients = new LoopbackClients(table.open)
  const startedAt = performance.now()
  const askOn = async () => {
    while (performance.now() < startedAt + 500) await clients.find(ENDS)
  }

  await Promise.all(Array.from({ length: 50 }, askOn))

  expect(table.readings).toBeGreaterThan(1)
  // Of the last one the pause is still to come.
  expect(table.tookMs - table.lastMs).toBeLessThan((performance.now() - startedAt) / 5)
})

test('all that are watched share one reading, from time to time', async () => {
  const table = slowTable(1)
  const clients = new LoopbackClients(table.open)
  const looks: boolean[] = []

  const forget = Array.from({ length: 300 }, () => clients.watch(ENDS, (isHeld) => looks.push(isHeld)))
  await expect.poll(() => table.readings).toBe(2)
  for (const each of forget) each()
  await wait(300)

  expect(table.readings).toBe(2)
  expect(looks).toEqual(Array.from({ length: 600 }, () => true))
})

test('watching takes no more than a twentieth of the time', async () => {
  const table = slowTable(30)
  const clients = new LoopbackClients(table.open)

  const forget = clients.watch(ENDS, () => {})
  await wait(1_000)
  forget()

  // With every 250 ms it would be four.
  expect(table.readings).toBeGreaterThan(0)
  expect(table.readings).toBeLessThanOrEqual(2)
})

test('where the table cannot be read, who asks is told why, and nobody who is watched is taken for gone', async () => {
  const error = Object.assign(new Error('no descriptors'), { code: 'EMFILE' })
  const clients = new LoopbackClients(() => () => {
    throw error
  })
  const looks: boolean[] = []

  const forget = clients.watch(ENDS, (isHeld) => looks.push(isHeld))
  await expect(clients.find(ENDS)).rejects.toBe(error)
  await wait(300)
  forget()

  expect(looks).toEqual([])
})
