import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CaStore } from '../../packages/cli/src/ca/ca-store.js'
import { runProgram } from './run-program.js'
import { temporaryCa } from './temporary-ca.js'

/** Long ago, as file times go. */
const START = new Date('2026-03-01T00:00:00Z')
const KEY = 'authority-1/intermediate-key.pem'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

describe('the first use', () => {
  test('makes an authority, its key for the owner alone and its root to be read', async () => {
    using ca = temporaryCa()

    const { authority, origin } = await ca.store().open()

    expect(origin).toBe('created')
    expect(modeOf(ca.at(KEY))).toBe('600')
    expect(modeOf(ca.path)).toBe('700')
    expect(readFileSync(ca.store().rootPath, 'utf8')).toBe(authority.rootCertificatePem)
    expect(readdirSync(ca.path).sort()).toEqual(['authority-1', 'ca.pem'])
  })

  test('gives every later one the same authority', async () => {
    using ca = temporaryCa()
    const first = await ca.store().open()

    const second = await ca.store().open()

    expect(second).toEqual({ authority: first.authority, origin: 'loaded' })
  })

  test('by eight processes at the same moment makes one authority', async () => {
    using ca = temporaryCa()
    const module = fileURLToPath(import.meta.resolve('nemoclaw')).replace(/index\.js$/, 'ca/ca-store.js')
    const program = `
      const { CaStore } = await import(${JSON.stringify(module)})
      const { authority, origin } = await new CaStore({ path: ${JSON.stringify(ca.path)}, shownAs: '~/ca' }).open()
      process.stdout.write(origin + ' ' + authority.fingerprints.intermediate)`

    const results = await Promise.all(
      Array.from({ length: 8 }, () => runProgram(process.execPath, ['--input-type=module', '-e', program])),
    )

    const fingerprint = (await ca.store().open()).authority.fingerprints.intermediate
    expect(results.map(({ output }) => output).sort()).toEqual([
      `created ${fingerprint}`,
      ...Array.from({ length: 7 }, () => `loaded ${fingerprint}`),
    ])
    expect(readdirSync(ca.path).sort()).toEqual(['authority-1', 'ca.pem'])
  })

  test('says which folder it cannot write, and leaves nothing behind', async () => {
    using ca = temporaryCa()
    // A file where the folder's parent should be: also root cannot write there.
    const blocked = new CaStore({ path: join(ca.write('file', ''), 'ca'), shownAs: '~/file/ca' })

    await expect(blocked.open()).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('~/file/ca'),
    })
  })

  test('removes what a process left that was killed while it made an authority, and not what another is making', async () => {
    using ca = temporaryCa()
    mkdirSync(ca.at('.unfinished-old'), { recursive: true })
    mkdirSync(ca.at('.unfinished-new'))
    utimesSync(ca.at('.unfinished-old'), START, START)

    await ca.store().open()

    expect(readdirSync(ca.path).sort()).toEqual(['.unfinished-new', 'authority-1', 'ca.pem'])
  })

  test('is not made by reading', async () => {
    using ca = temporaryCa()

    expect(await ca.store().read()).toBeUndefined()

    const { authority } = await ca.store().open()
    expect(await ca.store().read()).toEqual(authority)
  })
})

describe('a key that somebody else could have', () => {
  test.each(['644', '640', '604', '660', '622'])(
    'is refused with mode %s, and the command that mends it works',
    async (mode) => {
      using ca = temporaryCa()
      await ca.store().open()
      chmodSync(ca.at(KEY), Number.parseInt(mode, 8))

      await expect(ca.store().open()).rejects.toMatchObject({
        code: 'ERR_CA_UNREADABLE',
        suggestions: [expect.stringContaining(`chmod 600 ~/ca/${KEY}`)],
      })

      chmodSync(ca.at(KEY), 0o600)
      expect(await ca.store().open()).toMatchObject({ origin: 'loaded' })
    },
  )

  test('is refused behind a symbolic link', async () => {
    using ca = temporaryCa()
    await ca.store().open()
    renameSync(ca.at(KEY), ca.at('elsewhere'))
    symlinkSync(ca.at('elsewhere'), ca.at(KEY))

    await expect(ca.store().open()).rejects.toMatchObject({
      code: 'ERR_CA_UNREADABLE',
      message: expect.stringContaining('symbolic link'),
    })
  })

  test.each(['', 'authority-1'])('is refused in a folder that is a symbolic link: ~/ca/%s', async (name) => {
    using ca = temporaryCa()
    await ca.store().open()
    renameSync(ca.at(name), `${ca.path}-elsewhere`)
    symlinkSync(`${ca.path}-elsewhere`, ca.at(name).replace(/\/$/, ''))

    await expect(ca.store().open()).rejects.toMatchObject({
      code: 'ERR_STATE_DIRECTORY_UNSAFE',
      message: expect.stringContaining('symbolic link'),
    })
  })

  test.each(['', 'authority-1'])('is refused in a folder that others can write: ~/ca/%s', async (name) => {
    using ca = temporaryCa()
    await ca.store().open()
    chmodSync(ca.at(name), 0o777)

    await expect(ca.store().open()).rejects.toMatchObject({
      code: 'ERR_STATE_DIRECTORY_UNSAFE',
      suggestions: [expect.stringContaining('chmod 700')],
    })
    await expect(ca.store().read()).rejects.toMatchObject({ code: 'ERR_STATE_DIRECTORY_UNSAFE' })
  })

  // Only root can give a file away; as another user this cannot be set up.
  const asRoot = process.getuid?.() === 0
  test.skipIf(!asRoot)(
    `is refused when it belongs to another user${asRoot ? '' : ' (NOT RUN: not root)'}`,
    async () => {
      using ca = temporaryCa()
      await ca.store().open()
      chownSync(ca.at(KEY), 12345, 12345)

      await expect(ca.store().open()).rejects.toMatchObject({
        code: 'ERR_CA_UNREADABLE',
        message: expect.stringContaining('belongs to user 12345'),
      })
    },
  )
})

describe('an authority that is not whole', () => {
  test.each(['root.pem', 'intermediate.pem', 'intermediate-key.pem'])(
    'is never made anew: %s is gone',
    async (name) => {
      using ca = temporaryCa()
      await ca.store().open()
      rmSync(ca.at(`authority-1/${name}`))

      await expect(ca.store().open()).rejects.toMatchObject({
        code: 'ERR_CA_BROKEN',
        message: `the certificate authority in ~/ca/authority-1 cannot be used: ${name} is missing.`,
        suggestions: [expect.any(String), expect.stringContaining('rm -r ~/ca/authority-1')],
      })
      expect(readdirSync(ca.path).sort()).toEqual(['authority-1', 'ca.pem'])
    },
  )

  test.each(['root.pem', 'intermediate.pem', 'intermediate-key.pem'])(
    'is never made anew: %s is cut short, empty, or of another authority',
    async (name) => {
      using ca = temporaryCa()
      using other = temporaryCa()
      await ca.store().open()
      await other.store().open()
      const path = ca.at(`authority-1/${name}`)
      const whole = readFileSync(path)

      for (const content of [whole.subarray(0, 300), '', readFileSync(other.at(`authority-1/${name}`))]) {
        writeFileSync(path, content)
        await expect(ca.store().open()).rejects.toMatchObject({ code: 'ERR_CA_BROKEN' })
      }

      writeFileSync(path, whole)
      expect(await ca.store().open()).toMatchObject({ origin: 'loaded' })
    },
  )

  test('never shows its key in the error', async () => {
    using ca = temporaryCa()
    await ca.store().open()
    const key = readFileSync(ca.at(KEY), 'utf8')
    writeFileSync(ca.at(KEY), key.replace('-----END', '-----ENDE'))

    const error = await ca
      .store()
      .open()
      .catch((reason: unknown) => reason)

    expect(error).toMatchObject({ code: 'ERR_CA_BROKEN' })
    expect(JSON.stringify([error, (error as Error).stack, String((error as Error).cause)])).not.toContain(
      key.slice(40, 80),
    )
  })

  test('a ca.pem that was changed or lost is only a copy, and is written again', async () => {
    using ca = temporaryCa()
    const { authority } = await ca.store().open()

    for (const spoil of [() => writeFileSync(ca.at('ca.pem'), 'x'), () => rmSync(ca.at('ca.pem'))]) {
      spoil()
      await ca.store().open()
      expect(readFileSync(ca.at('ca.pem'), 'utf8')).toBe(authority.rootCertificatePem)
    }
  })
})
