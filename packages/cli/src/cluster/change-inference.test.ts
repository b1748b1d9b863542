import { expect, test } from 'vitest'
import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import { type InferenceChange, setInference, updateInference } from './change-inference.js'
import type { ConfigChange, ConfigStore } from './config-store.js'

const provider = (name: string): ProviderRecord => ({
  id: `id-${name}`,
  name,
  type: 'example',
  credentials: {},
  config: {},
  headers: [],
  createdAt: 'then',
  updatedAt: 'then',
})

/** A store in memory, in which other processes act just before each write. */
function memoryStore(inference?: ConfigDocument['inference'], others: ConfigChange[] = []) {
  let document: ConfigDocument = {
    schemaVersion: 1,
    version: 1,
    providers: { a: provider('a'), b: provider('b') },
    ...(inference ? { inference } : {}),
  }
  const apply = (change: ConfigChange) => {
    document = { ...change(document), schemaVersion: 1, version: document.version + 1 }
  }
  const store: ConfigStore = {
    read: async () => document,
    update: async (change) => {
      const other = others.shift()
      if (other) apply(other)
      apply(change)
      return document
    },
    watch: () => () => {},
  }
  return { store, document: () => document }
}

const now = () => 'now'
const route = { provider: 'a', model: 'm', version: 4, idleTimeoutMs: 5, updatedAt: 'then' }
const verify = async (record: ProviderRecord, { model }: { model: string }) => [
  { url: `https://${record.name}/${model}`, protocol: 'openai_chat_completions' as const },
]

test('the first route is version 1', async () => {
  const { store } = memoryStore()

  expect((await setInference({ provider: 'a', model: 'm' }, { store, now })).intent).toEqual({
    provider: 'a',
    model: 'm',
    version: 1,
    updatedAt: 'now',
  })
})

test('set replaces everything, update only what it names; each is one version more', async () => {
  const set = await setInference({ provider: 'b', model: 'n' }, { ...memoryStore(route), now })
  const update = await updateInference({ model: 'n' }, { ...memoryStore(route), now })

  expect(set.intent).toEqual({ provider: 'b', model: 'n', version: 5, updatedAt: 'now' })
  expect(update.intent).toEqual({ ...route, model: 'n', version: 5, updatedAt: 'now' })
})

test('an update without a route says how to set one', async () => {
  await expect(updateInference({ model: 'n' }, { ...memoryStore(), now })).rejects.toMatchObject({
    code: 'ERR_INFERENCE_NOT_CONFIGURED',
  })
})

test('a provider that is not there, or is named like a member of every object, is refused', async () => {
  for (const name of ['c', 'constructor', 'toString']) {
    await expect(setInference({ provider: name, model: 'm' }, { ...memoryStore(), now })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_NOT_FOUND',
    })
  }
})

test('nothing is written where verification fails', async () => {
  const { store, document } = memoryStore(route)
  const refuse = async () => {
    throw new Error('refused')
  }

  await expect(updateInference({ model: 'n' }, { store, now, verify: refuse })).rejects.toThrow('refused')
  expect(document().inference).toEqual(route)
})

test('two updates at once both count', async () => {
  const other: ConfigChange = (current) => ({
    ...current,
    inference: { ...current.inference!, idleTimeoutMs: 9, version: 5 },
  })
  const { store } = memoryStore(route, [other])

  expect((await updateInference({ model: 'n' }, { store, now })).intent).toMatchObject({
    model: 'n',
    idleTimeoutMs: 9,
    version: 6,
  })
})

test('what another process changed meanwhile is verified before it is combined with ours', async () => {
  const other: ConfigChange = (current) => ({
    ...current,
    inference: { ...current.inference!, provider: 'b', version: 5 },
  })
  const { store } = memoryStore(route, [other])
  const asked: string[] = []

  const changed = await updateInference({ model: 'n' } satisfies InferenceChange, {
    store,
    now,
    verify: async (record, wanted) => {
      asked.push(`${record.name} ${wanted.model}`)
      return verify(record, wanted)
    },
  })

  expect(asked).toEqual(['a n', 'b n'])
  expect(changed).toMatchObject({
    intent: { provider: 'b', model: 'n', version: 6 },
    endpoints: [{ url: 'https://b/n' }],
  })
})

test('a provider changed during the verification is verified again', async () => {
  const other: ConfigChange = (current) => ({
    ...current,
    providers: { ...current.providers, a: { ...provider('a'), updatedAt: 'meanwhile' } },
  })
  const { store } = memoryStore(undefined, [other])
  let asked = 0
  const countingVerify: typeof verify = (...wanted) => {
    asked += 1
    return verify(...wanted)
  }

  await setInference({ provider: 'a', model: 'm' }, { store, now, verify: countingVerify })

  expect(asked).toBe(2)
})

test('a provider deleted during the verification is not led to', async () => {
  const other: ConfigChange = (current) => ({ ...current, providers: { b: provider('b') } })
  const { store, document } = memoryStore(undefined, [other])

  await expect(setInference({ provider: 'a', model: 'm' }, { store, now, verify })).rejects.toMatchObject({
    code: 'ERR_PROVIDER_NOT_FOUND',
  })
  expect(document().inference).toBeUndefined()
})
