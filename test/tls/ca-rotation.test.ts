import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { certificatesIn, temporaryCa } from './temporary-ca.js'

const DAY_MS = 86_400_000
const START = new Date('2026-03-01T00:00:00Z')
const daysLater = (days: number) => new Date(START.getTime() + days * DAY_MS)

describe('the end of an authority, and clocks', () => {
  test('an authority with less than 30 days left gets a successor, and both roots are trusted while the old one is valid', async () => {
    using ca = temporaryCa()
    const { authority: old } = await ca.store({ now: () => START }).open()
    const nearItsEnd = new Date(old.notAfter.getTime() - 29 * DAY_MS)

    const { authority, origin } = await ca.store({ now: () => nearItsEnd }).open()

    expect(origin).toBe('rotated')
    expect(authority.notAfter.getTime()).toBeGreaterThan(old.notAfter.getTime())
    expect(certificatesIn(ca.at('ca.pem'))).toEqual([authority.rootCertificatePem, old.rootCertificatePem])
    const bundle = certificatesIn(await ca.store({ now: () => nearItsEnd }).trustBundle())
    expect(bundle.slice(0, 2)).toEqual([authority.rootCertificatePem, old.rootCertificatePem])
    expect(await ca.store({ now: () => nearItsEnd }).open()).toEqual({ authority, origin: 'loaded' })
  })

  test('an authority that has ended is replaced, and is then gone with its key', async () => {
    using ca = temporaryCa()
    const { authority: old } = await ca.store({ now: () => START }).open()
    const after = new Date(old.notAfter.getTime() + DAY_MS)

    const { authority, origin } = await ca.store({ now: () => after }).open()

    expect(origin).toBe('rotated')
    expect(certificatesIn(ca.at('ca.pem'))).toEqual([authority.rootCertificatePem])
    expect(readdirSync(ca.path).sort()).toEqual(['authority-2', 'ca.pem'])
  })

  test('four that replace it at the same moment agree on one successor', async () => {
    using ca = temporaryCa()
    const { authority: old } = await ca.store({ now: () => START }).open()
    const now = () => new Date(old.notAfter.getTime() - DAY_MS)

    const opened = await Promise.all(Array.from({ length: 4 }, () => ca.store({ now }).open()))

    expect(new Set(opened.map(({ authority }) => authority.fingerprints.root)).size).toBe(1)
    expect(opened.filter(({ origin }) => origin === 'rotated')).toHaveLength(1)
    expect(readdirSync(ca.path).sort()).toEqual(['authority-1', 'authority-2', 'ca.pem'])
  })

  test('a clock that is two days slow still uses it; one that is weeks slow is told to the user', async () => {
    using ca = temporaryCa()
    await ca.store({ now: () => START }).open()

    expect(await ca.store({ now: () => daysLater(-2) }).open()).toMatchObject({ origin: 'loaded' })
    await expect(ca.store({ now: () => daysLater(-20) }).open()).rejects.toMatchObject({
      code: 'ERR_CA_NOT_YET_VALID',
      message: expect.stringContaining('2026-02-09T00:00:00.000Z'),
    })
  })
})
