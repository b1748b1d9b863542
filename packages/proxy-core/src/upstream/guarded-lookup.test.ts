import { expect, test } from 'vitest'
import { guardedLookup, literalAddressRefusal } from './guarded-lookup.js'

test.each([
  'http://127.0.0.1',
  'http://127.9.9.9',
  'http://[::1]',
  'http://10.0.0.1',
  'http://172.16.0.1',
  'http://192.168.1.1',
  'http://[fd12::1]',
  'http://[::ffff:10.0.0.1]',
  'https://127.0.0.1',
  'https://93.184.216.34',
  'https://[2606:2800::1]',
  'https://api.example.com',
  'http://api.example.com',
])('%s may be dialled, or is a name to be looked up', (url) => {
  expect(literalAddressRefusal(new URL(url))).toBeUndefined()
})

test.each([
  'http://93.184.216.34',
  'http://[2606:2800::1]',
  'http://[::ffff:93.184.216.34]',
  'http://100.64.0.1',
  'http://198.51.100.1',
  'http://224.0.0.1',
  'http://255.255.255.255',
  'http://0.0.0.0',
  'https://0.0.0.0',
  'https://[::]',
  'https://169.254.169.254',
  'http://169.254.169.254',
  'https://[::ffff:169.254.169.254]',
  'https://[fe80::1]',
  'https://168.63.129.16',
  'https://100.100.100.200',
  'https://192.0.0.192',
  'https://[fd00:ec2::254]',
])('%s may not', (url) => {
  expect(literalAddressRefusal(new URL(url))).toMatchObject({ code: 'ERR_UPSTREAM_CLEARTEXT', status: 502 })
})

const look = (scheme: 'http:' | 'https:', host: string, all: boolean) =>
  new Promise<[Error | null, unknown, number | undefined]>((resolve) => {
    guardedLookup(scheme)(host, { all }, (...result) => resolve(result as [Error | null, unknown, number | undefined]))
  })

test('looks names up as dns.lookup does, one address or all', async () => {
  const [error, address, family] = await look('http:', 'localhost', false)
  expect(error).toBeNull()
  expect(['127.0.0.1', '::1']).toContain(address)
  expect([4, 6]).toContain(family)

  const [, all] = await look('https:', 'localhost', true)
  expect(all).toContainEqual(expect.objectContaining({ address: expect.any(String), family: expect.any(Number) }))
})

test('checks what a name resolves to', async () => {
  // getaddrinfo takes an address for a name and gives it back.
  const [error] = await look('http:', '93.184.216.34', true)
  expect(error).toMatchObject({ code: 'ERR_UPSTREAM_CLEARTEXT' })
  const [metadata] = await look('https:', '169.254.169.254', false)
  expect(metadata).toMatchObject({ code: 'ERR_UPSTREAM_CLEARTEXT' })
})

test('passes on that there is no such name', async () => {
  const [error] = await look('https:', 'does-not-exist.invalid', true)

  expect((error as NodeJS.ErrnoException).code).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/)
})
