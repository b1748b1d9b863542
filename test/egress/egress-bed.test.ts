import { once } from 'node:events'
import { expect } from 'vitest'
import { echoes } from './arrivals.js'
import { testsInBed } from './test-in-bed.js'

// What the other tests of this folder rest upon: a bed that lets nothing through would pass them all.
const test = testsInBed()

test('a connection to any address there is arrives, and is seen with that address', async (bed) => {
  const addresses = ['93.184.216.34', '10.0.0.1', '169.254.169.254', '127.0.0.2', '240.0.0.1', '::1', 'fd00:ec2::254']
  for (const host of addresses) {
    const socket = await bed.dial({ host, port: 8000 })
    await bed.arrivals.find(({ address }) => address === host)
    socket.destroy()
  }

  expect(bed.arrivals.dialled).toEqual(addresses.map((address) => `${address}:8000`))
})

test('bytes and ends pass both ways', async (bed) => {
  bed.arrivals.greet = echoes
  const socket = await bed.dial({ host: '198.51.100.1', port: 443 })
  socket.end('there and back')

  const [bytes] = (await once(socket, 'data')) as [Buffer]
  await once(socket, 'end')
  expect(bytes.toString()).toBe('there and back')
  expect(bed.arrivals.all).toEqual([expect.objectContaining({ bytes: 'there and back', hasEnded: true })])
})

const RESOLVE =
  'require("dns").lookup(process.argv[1], { all: true }, (e, all) => console.log(e?.code ?? JSON.stringify(all)))'

test('names are what the test says, in the zone and in the hosts file, and every question is recorded', async (bed) => {
  const resolve = async (name: string) => {
    const { stdout } = await bed.run([process.execPath, '-e', RESOLVE, name])
    return stdout.startsWith('[')
      ? (JSON.parse(stdout) as { address: string }[]).map(({ address }) => address)
      : stdout.trim()
  }
  const many = Array.from({ length: 4_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
  bed.names.set('mixed.example', ['93.184.216.34', '10.0.0.1', '2001:db8::1'])
  bed.names.set('alias.example', { alias: 'inner.example', addresses: ['10.0.0.7'] })
  bed.names.set('empty.example', {})
  bed.names.set('broken.example', { code: 'SERVFAIL' })
  bed.names.set('many.example', many)
  bed.names.set('flips.example', (time) => ({ addresses: [time === 0 ? '93.184.216.34' : '10.0.0.9'] }))
  bed.setHosts(['10.9.9.9 listed.example'])

  expect(await resolve('mixed.example')).toEqual(expect.arrayContaining(['93.184.216.34', '10.0.0.1', '2001:db8::1']))
  expect(await resolve('alias.example')).toEqual(['10.0.0.7'])
  expect(await resolve('empty.example')).toMatch(/^ENOTFOUND|ENODATA$/)
  expect(await resolve('broken.example')).toBe('EAI_AGAIN')
  expect(await resolve('unknown.example')).toBe('ENOTFOUND')
  expect(await resolve('many.example')).toHaveLength(many.length)
  expect([await resolve('flips.example'), await resolve('flips.example')]).toEqual([['93.184.216.34'], ['10.0.0.9']])
  expect(await resolve('listed.example')).toEqual(['10.9.9.9'])
  expect(bed.names.namesAsked).toEqual([
    'mixed.example',
    'alias.example',
    'empty.example',
    'broken.example',
    'unknown.example',
    'many.example',
    'flips.example',
  ])
})

test('what was dialled before it settles is seen once it has', async (bed) => {
  await Promise.all(Array.from({ length: 50 }, (_, index) => bed.dial({ host: `10.0.1.${index}`, port: 443 })))

  await bed.settle()

  expect(bed.arrivals.dialled).toHaveLength(50)
})
