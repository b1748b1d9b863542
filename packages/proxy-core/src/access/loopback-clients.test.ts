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
    open: (): FindClientSocket => {
      let isRead = false
      return (ends) => {
        if (!isRead) {
          isRead = true
          table.readings++
          const until = performance.now() + readMs
          while (performance.now() < until);
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
  const until = performance.now() + 500
  const askOn = async () => {
    while (performance.now() < until) await clients.find(ENDS)
  }

  await Promise.all(Array.from({ length: 50 }, askOn))

  // And no less than half of that: who asks is not kept waiting for longer than it takes.
  expect(table.readings).toBeGreaterThan(5)
  expect(table.readings).toBeLessThanOrEqual(12)
})

test('all that are watched share one reading, from time to time', async () => {
  const table = slowTable(1)
  const clients = new LoopbackClients(table.open)
  const looks: boolean[] = []

  const forget = Array.from({ length: 300 }, () => clients.watch(ENDS, (isHeld) => looks.push(isHeld)))
  await wait(600)
  for (const each of forget) each()
  const before = table.readings
  await wait(300)

  expect(before).toBeGreaterThanOrEqual(2)
  expect(before).toBeLessThanOrEqual(3)
  expect(looks).toEqual(Array.from({ length: before * 300 }, () => true))
  expect(table.readings).toBe(before)
})

test('watching takes no more than a twentieth of the time', async () => {
  const table = slowTable(30)
  const clients = new LoopbackClients(table.open)

  const forget = clients.watch(ENDS, () => {})
  await wait(1_000)
  forget()

  expect(table.readings).toBe(2)
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
