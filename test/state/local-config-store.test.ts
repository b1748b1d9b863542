import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LocalConfigStore } from '../../packages/cli/src/cluster/local-config-store.js'
import { EMPTY_CONFIG } from '../../packages/cli/src/config/schema.js'
import { providerRecord } from './provider-record.js'
import { temporaryDirectory } from './temporary-directory.js'

function storeIn(path: string): LocalConfigStore {
  return new LocalConfigStore({ directory: path, shownAs: '~/.config/nemoclaw' })
}

function addProvider(name: string) {
  return (current: { providers: object }) => ({
    ...current,
    providers: { ...current.providers, [name]: providerRecord(name) },
  })
}

test('reads an empty configuration where nothing was written, and makes no folder for it', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'nemoclaw')

  expect(await storeIn(path).read()).toEqual(EMPTY_CONFIG)
  expect(readdirSync(directory.path)).toEqual([])
})

test('stores a change with the next version, in a file and a folder that only the user can open', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'nemoclaw')

  const stored = await storeIn(path).update(addProvider('nvidia'))

  expect(stored).toEqual({ schemaVersion: 1, version: 1, providers: { nvidia: providerRecord('nvidia') } })
  expect(await storeIn(path).read()).toEqual(stored)
  expect(statSync(path).mode & 0o777).toBe(0o700)
  expect(statSync(join(path, 'config.json')).mode & 0o777).toBe(0o600)
  expect(readdirSync(path).sort()).toEqual(['config.json', 'config.lock'])
})

test('refuses an update that expects another version than the stored one, and writes nothing', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  await store.update(addProvider('nvidia'))

  await expect(store.update(addProvider('openai'), 0)).rejects.toMatchObject({ code: 'ERR_CONFIG_CONFLICT' })
  expect((await store.read()).version).toBe(1)

  await store.update(addProvider('openai'), 1)
  expect((await store.read()).version).toBe(2)
})

test('writes nothing where the change throws, and leaves the lock free', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  const change = () => {
    throw new Error('no')
  }

  await expect(store.update(change)).rejects.toThrow('no')
  expect(readdirSync(directory.path)).toEqual(['config.lock'])
  await store.update(addProvider('nvidia'))
})

test('refuses to store what it would not read again', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)

  const update = store.update((current) => ({ ...current, providers: { Nvidia: providerRecord('Nvidia') } }))

  await expect(update).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  expect(await store.read()).toEqual(EMPTY_CONFIG)
})

test.each([
  ['not JSON', '{"providers": {"nvidia": {"token": "sk-hidden', /config\.json is not valid JSON$/],
  [
    'a newer schema',
    '{"schemaVersion": 2, "version": 9, "routes": []}',
    /newer nemoclaw .its schema is 2, this one reads 1/,
  ],
  ['a missing part', '{"schemaVersion": 1, "version": 1}', /providers: expected an object/],
  ['an empty file', '', /is not valid JSON/],
])('says what is wrong with %s, and neither shows nor changes the content', async (_what, content, message) => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  writeFileSync(join(directory.path, 'config.json'), content, { mode: 0o600 })

  const error = await store.read().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_CONFIG_UNREADABLE', message: expect.stringMatching(message) })
  expect(JSON.stringify(error) + (error as Error).stack).not.toContain('sk-hidden')

  await expect(store.update(addProvider('nvidia'))).rejects.toMatchObject({ code: 'ERR_CONFIG_UNREADABLE' })
  expect(readFileSync(join(directory.path, 'config.json'), 'utf8')).toBe(content)
})

test('finds no provider that was not made, whatever it is called, and no prototype from the file', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  const text = '{"schemaVersion":1,"version":1,"providers":{},"__proto__":{"inference":{"polluted":true}}}'
  writeFileSync(join(directory.path, 'config.json'), text, { mode: 0o600 })

  const document = await store.read()

  expect(document.providers['constructor']).toBeUndefined()
  expect(document.inference).toBeUndefined()
  expect(Object.keys(document)).not.toContain('__proto__')
})

test('keeps providers called constructor and prototype', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)

  await store.update(addProvider('constructor'))
  await store.update(addProvider('prototype'))

  expect(Object.keys((await store.read()).providers)).toEqual(['constructor', 'prototype'])
})

test('keeps members that a newer nemoclaw added within the same schema', async () => {
  using directory = temporaryDirectory()
  const store = storeIn(directory.path)
  const text = '{"schemaVersion":1,"version":4,"providers":{},"aliases":{"fast":"nvidia/small"}}'
  writeFileSync(join(directory.path, 'config.json'), text, { mode: 0o600 })

  await store.update(addProvider('nvidia'))

  expect(await store.read()).toMatchObject({ version: 5, aliases: { fast: 'nvidia/small' } })
})

test('gives out documents that cannot be changed', async () => {
  using directory = temporaryDirectory()
  const document = await storeIn(directory.path).update(addProvider('nvidia'))

  expect(() => Object.assign(document.providers, { other: 1 })).toThrow(TypeError)
  expect(() => Object.assign(document.providers['nvidia'] as object, { type: 'x' })).toThrow(TypeError)
})

test('refuses a folder that is a symbolic link, for reading as for writing', async () => {
  using directory = temporaryDirectory()
  mkdirSync(join(directory.path, 'elsewhere'), { mode: 0o700 })
  const link = join(directory.path, 'nemoclaw')
  symlinkSync('elsewhere', link)

  await expect(storeIn(link).read()).rejects.toMatchObject({
    code: 'ERR_STATE_DIRECTORY_UNSAFE',
    message: expect.stringContaining('~/.config/nemoclaw is a symbolic link'),
  })
  await expect(storeIn(link).update(addProvider('nvidia'))).rejects.toMatchObject({
    code: 'ERR_STATE_DIRECTORY_UNSAFE',
  })
  expect(readdirSync(join(directory.path, 'elsewhere'))).toEqual([])
})

test.each([0o777, 0o770, 0o702])('refuses a folder of mode %o, which others can write to', async (mode) => {
  using directory = temporaryDirectory()
  chmodSync(directory.path, mode)

  const refusal = { code: 'ERR_STATE_DIRECTORY_UNSAFE', suggestions: [expect.stringContaining('chmod 700')] }
  await expect(storeIn(directory.path).read()).rejects.toMatchObject(refusal)
  await expect(storeIn(directory.path).update(addProvider('nvidia'))).rejects.toMatchObject(refusal)
})

test('closes a folder that others can only read', async () => {
  using directory = temporaryDirectory()
  chmodSync(directory.path, 0o755)

  await storeIn(directory.path).update(addProvider('nvidia'))

  expect(statSync(directory.path).mode & 0o777).toBe(0o700)
})

test('refuses a configuration file that is a link, a pipe, a folder, or writable by others', async () => {
  using directory = temporaryDirectory()
  const file = (name: string) => join(directory.path, name, 'config.json')
  for (const name of ['link', 'folder', 'writable', 'pipe']) mkdirSync(join(directory.path, name), { mode: 0o700 })
  writeFileSync(join(directory.path, 'real.json'), '{"schemaVersion":1,"version":1,"providers":{}}')
  symlinkSync('../real.json', file('link'))
  mkdirSync(file('folder'))
  spawnSync('mkfifo', [file('pipe')])
  writeFileSync(file('writable'), '{"schemaVersion":1,"version":1,"providers":{}}')
  chmodSync(file('writable'), 0o666)

  for (const name of ['link', 'folder', 'writable', 'pipe']) {
    await expect(storeIn(join(directory.path, name)).read()).rejects.toMatchObject({ code: 'ERR_CONFIG_UNREADABLE' })
  }
})

test('removes what a killed writer left, with the next update', async () => {
  using directory = temporaryDirectory()
  for (const name of ['config.next.json', 'config.next.json.tmp-1234567890abcdef']) {
    writeFileSync(join(directory.path, name), '{"torn')
  }

  await storeIn(directory.path).update(addProvider('nvidia'))

  expect(readdirSync(directory.path).sort()).toEqual(['config.json', 'config.lock'])
})

test('loses none of 50 updates of one process at once', async () => {
  using directory = temporaryDirectory()
  const names = Array.from({ length: 50 }, (_, index) => `p-${index}`)

  await Promise.all(names.map((name) => storeIn(directory.path).update(addProvider(name))))

  const document = await storeIn(directory.path).read()
  expect(document.version).toBe(50)
  expect(Object.keys(document.providers).sort()).toEqual([...names].sort())
})
