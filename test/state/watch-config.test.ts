import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { ConfigEvent } from '../../packages/cli/src/cluster/config-store.js'
import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import { providerRecord } from './provider-record.js'
import { finished, startScript } from './run-script.js'
import { temporaryDirectory } from './temporary-directory.js'

const UPDATE_CONFIG = new URL('./update-config.mjs', import.meta.url)

function watching(path: string) {
  const store = new LocalConfigStore({ directory: path })
  const events: (ConfigEvent & { readonly at: number })[] = []
  const stop = store.watch((event) => events.push({ ...event, at: performance.now() }))
  return {
    store,
    events,
    /** Milliseconds from now until the n-th event. */
    until: async (count: number, limitMs = 5_000): Promise<number> => {
      const begin = performance.now()
      while (events.length < count && performance.now() - begin < limitMs) await delay(2)
      return (events[count - 1]?.at ?? Number.POSITIVE_INFINITY) - begin
    },
    [Symbol.dispose]: stop,
  }
}

const add = (name: string) => (current: { providers: object }) => ({
  ...current,
  providers: { ...current.providers, [name]: providerRecord(name) },
})

test('hears of a change by another process', async () => {
  using directory = temporaryDirectory()
  using watcher = watching(directory.path)

  await finished(startScript(UPDATE_CONFIG, [directory.path, 'p', '1']))

  expect(await watcher.until(1)).toBeLessThan(5_000)
  expect(watcher.events[0]).toMatchObject({ kind: 'changed', document: { version: 1, providers: { 'p-0': {} } } })
})

test('hears of the first change in a folder that did not exist, without an event of the kernel', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'nemoclaw')
  using watcher = watching(path)

  await new LocalConfigStore({ directory: path }).update(add('a'))

  expect(await watcher.until(1)).toBeLessThan(5_000)
})

test('hears of changes after the folder was replaced by another', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'nemoclaw')
  mkdirSync(path, { mode: 0o700 })
  using watcher = watching(path)

  renameSync(path, `${path}.old`)
  await new LocalConfigStore({ directory: path }).update(add('a'))
  expect(await watcher.until(1)).toBeLessThan(5_000)
  await delay(600)
  await new LocalConfigStore({ directory: path }).update(add('b'))
  expect(await watcher.until(2)).toBeLessThan(5_000)
})

test('hears of a change that happened between its read and its watch', async () => {
  using directory = temporaryDirectory()
  const store = new LocalConfigStore({ directory: directory.path })
  await store.read()
  await new LocalConfigStore({ directory: directory.path }).update(add('a'))

  const heard = new Promise<ConfigEvent>((resolve) => {
    const stop = store.watch((event) => {
      stop()
      resolve(event)
    })
  })

  expect(await heard).toMatchObject({ kind: 'changed', document: { version: 1 } })
})

test('says once that the newest is broken, and goes on when it is mended', async () => {
  using directory = temporaryDirectory()
  const file = join(directory.path, 'config.json')
  const store = new LocalConfigStore({ directory: directory.path })
  const good = await store.update(add('a'))
  using watcher = watching(directory.path)

  writeFileSync(file, '{"torn')
  expect(await watcher.until(1)).toBeLessThan(5_000)
  writeFileSync(file, '{"torn again')
  await delay(600)
  expect(watcher.events).toMatchObject([{ kind: 'broken', error: { code: 'ERR_CONFIG_UNREADABLE' } }])

  writeFileSync(file, JSON.stringify(good))
  expect(await watcher.until(2)).toBeLessThan(5_000)
  expect(watcher.events[1]).toMatchObject({ kind: 'changed', document: good })
})

test('takes a removed file for an empty configuration', async () => {
  using directory = temporaryDirectory()
  const store = new LocalConfigStore({ directory: directory.path })
  await store.update(add('a'))
  using watcher = watching(directory.path)

  rmSync(join(directory.path, 'config.json'))

  expect(await watcher.until(1)).toBeLessThan(5_000)
  expect(watcher.events[0]).toMatchObject({ kind: 'changed', document: { version: 0, providers: {} } })
})

test('ends with the last state after a burst of changes, and is quiet when nothing changes', async () => {
  using directory = temporaryDirectory()
  using watcher = watching(directory.path)

  for (let index = 0; index < 100; index++)
    await new LocalConfigStore({ directory: directory.path }).update(add(`p-${index}`))
  await delay(600)

  expect(watcher.events.at(-1)).toMatchObject({ document: { version: 100 } })
  const heard = watcher.events.length
  await delay(1_200)
  expect(watcher.events).toHaveLength(heard)
})

test('is quiet after it was stopped', async () => {
  using directory = temporaryDirectory()
  const watcher = watching(directory.path)
  watcher[Symbol.dispose]()

  await new LocalConfigStore({ directory: directory.path }).update(add('a'))
  await delay(600)

  expect(watcher.events).toEqual([])
})
