import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { echoes, says } from './arrivals.js'
import { answerTo, closed, connect, expectDenied, get, openTunnel, readUntil, send } from './egress-client.js'
import { type NetworkPolicies, startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

// Bad input of group A, where the destination is one that a policy allows.
const test = testsInBed()

const API: NetworkPolicies = { api: { endpoints: [{ host: 'api.example.com', port: 443 }] } }
const TARGET = 'api.example.com:443'

test('a name that only resembles the allowed one is denied and never looked up (9)', async (bed) => {
  await using proxy = await startEgressProxy(bed, API)

  for (const host of [
    'evilapi.example.com',
    'api.example.com.evil.com',
    'x.api.example.com',
    'example.com',
    'api.example.comx',
    'api-example.com',
    'api.example',
    'xn--pi-mia.example.com',
    'api.example.co',
  ]) {
    await expectDenied(bed, proxy, connect(`${host}:443`))
  }
  expect(bed.names.questions).toEqual([])
})

test('other spellings of the allowed name get the same decision (6)', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)

  for (const target of ['API.EXAMPLE.COM:443', 'api.example.com.:443']) await openTunnel(proxy, target)
  for (const target of [
    'api.example.com..:443',
    'api.example.com:0443',
    'u@api.example.com:443',
    'api%2eexample.com:443',
  ]) {
    expect([target, (await answerTo(proxy, connect(target))).status]).toEqual([target, 400])
  }
  await bed.settle()
  expect(bed.arrivals.all).toHaveLength(2)
})

test('CONNECT with content gets 400, and nothing is looked up or dialled (12)', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)

  for (const content of [
    'Content-Length: 5\r\n\r\nhello',
    'Content-Length: 1\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const answer = await answerTo(proxy, `CONNECT ${TARGET} HTTP/1.1\r\nHost: ${TARGET}\r\n${content}`)
    expect([answer.status, answer.code]).toEqual([400, 'invalid_request'])
  }
  await bed.settle()
  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])
})

test('bytes sent behind CONNECT without waiting arrive exactly once and ahead of what follows (13)', async (bed) => {
  bed.names.set('api.example.com', async () => {
    await new Promise((resolve) => setTimeout(resolve, 100)) // There is time to send more meanwhile.
    return { addresses: ['93.184.216.34'] }
  })
  bed.arrivals.greet = says('server first\n')
  await using proxy = await startEgressProxy(bed, API)
  const head = 'head\0\xff'.repeat(20_000)

  const opening = await proxy.dial()
  opening.write(connect(TARGET) + head, 'latin1')
  opening.write('and more while the name is looked up,', 'latin1')
  expect(await readUntil(opening, 'first\n')).toBe('HTTP/1.1 200 Connection Established\r\n\r\nserver first\n')
  opening.end('and the rest')
  const arrival = await bed.arrivals.find(({ hasEnded }) => hasEnded)

  expect(arrival.bytes === `${head}and more while the name is looked up,and the rest`).toBe(true)
  expect(bed.arrivals.all).toHaveLength(1)
})

test('a client that has said all and closed its side behind CONNECT still gets what comes back (13)', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  bed.arrivals.greet = echoes
  await using proxy = await startEgressProxy(bed, API)

  const { wire, endedBy } = await send(proxy, `${connect(TARGET)}all of it`, { halfClose: true })

  expect(endedBy).toBe('proxy')
  expect(wire).toBe('HTTP/1.1 200 Connection Established\r\n\r\nall of it')
})

test('bytes behind a refused CONNECT are never parsed, also where they would be allowed (14)', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)
  const refused = connect('evil.com:443')

  for (const behind of [
    connect(TARGET),
    get('http://api.example.com/'),
    `${connect(TARGET)}${get('http://x/')}`,
    '\0\xff'.repeat(9_999),
  ]) {
    await expectDenied(bed, proxy, refused + behind)
  }
  const later = await proxy.dial()
  later.write(refused)
  await readUntil(later, '}')
  later.write(connect(TARGET))
  await closed(later)
  await bed.settle()

  expect([bed.arrivals.dialled, bed.names.questions]).toEqual([[], []])
  expect(proxy.lines.filter(({ kind }) => kind === 'egress')).toHaveLength(5)
})

test('a second CONNECT inside a tunnel is the destination’s business: the proxy reads nothing there', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)

  const tunnel = await openTunnel(proxy, TARGET)
  tunnel.write(connect('evil.com:443'))

  await bed.arrivals.find(({ bytes }) => bytes === connect('evil.com:443'))
  await bed.settle()
  expect([bed.arrivals.dialled, bed.names.namesAsked]).toEqual([['93.184.216.34:443'], ['api.example.com']])
})

test('a CONNECT behind another request on one connection is not served while that is under way', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)

  const { answers, endedBy } = await send(proxy, get('http://evil.com/') + connect(TARGET))
  await bed.settle()

  expect([answers.map(({ status }) => status), endedBy]).toEqual([[403], 'proxy'])
  expect(bed.arrivals.dialled).toEqual([])
})

test('the proxy does not lead to itself, though a policy names its address and port (15)', async (bed) => {
  const own = '93.184.216.99' // An address of an interface in there.
  const port = 4140
  const tokenFile = join(bed.folder, 'token')
  writeFileSync(tokenFile, 'laptop-token-0123456789\n', { mode: 0o600 })
  bed.names.set('self.example.com', [own])
  await using proxy = await startEgressProxy(
    bed,
    { self: { endpoints: [own, 'self.example.com', '10.0.0.1'].map((host) => ({ host, port })) } },
    { args: ['--listen', `0.0.0.0:${port}`, '--allow-remote', '--client-token', `laptop=${tokenFile}`] },
  )

  for (const host of [
    own,
    'self.example.com',
    '127.0.0.1',
    '127.0.0.2',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '[::]',
    'localhost',
    'localhost.',
  ]) {
    await expectDenied(bed, proxy, connect(`${host}:${port}`))
  }
  expect(proxy.lines.filter(({ kind }) => kind === 'egress')).toHaveLength(10)
})

test('where the destination ends the tunnel, or the client goes, the other side hears of it at once', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  await using proxy = await startEgressProxy(bed, API)

  const left = await openTunnel(proxy, TARGET)
  const gone = await bed.arrivals.find(() => true)
  left.destroy()
  await bed.arrivals.find((arrival) => arrival === gone && arrival.hasEnded, 1_500)

  const kept = await openTunnel(proxy, TARGET)
  const arrival = await bed.arrivals.find((each) => each !== gone)
  arrival.socket.end('bye')
  expect(await readUntil(kept, 'bye')).toBe('bye')
  await once(kept.resume(), 'end')
  // Half of it is still open.
  kept.write('and thank you')
  await bed.arrivals.find(({ bytes }) => bytes === 'and thank you')
})

test('what the client does not read is not read from the destination either', async (bed) => {
  bed.names.set('api.example.com', ['93.184.216.34'])
  let sent = 0
  bed.arrivals.greet = ({ socket }) => {
    const megabyte = Buffer.alloc(1024 * 1024)
    const fill = () => {
      while (sent < 256) {
        sent++
        if (!socket.write(megabyte)) break
      }
    }
    socket.on('drain', fill)
    fill()
  }
  await using proxy = await startEgressProxy(bed, API)

  const tunnel = await openTunnel(proxy, TARGET)
  tunnel.pause()
  let before = -1
  while (before !== sent) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 300))
  }

  expect(sent).toBeLessThan(128)
})
