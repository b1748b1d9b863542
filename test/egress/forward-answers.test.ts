import { once } from 'node:events'
import { expect } from 'vitest'
import { answers, says } from './arrivals.js'
import { answerTo, get, send } from './egress-client.js'
import { type NetworkPolicies, startEgressProxy } from './egress-proxy.js'
import { testsInBed } from './test-in-bed.js'

// What comes back from a destination in clear text, and what becomes of it.
const test = testsInBed()

const LAB: NetworkPolicies = {
  lab: { endpoints: [{ host: 'lab.example.com', port: 8000, allowed_ips: ['10.86.8.0/24'] }] },
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

test('an answer that is no answer, or that parsers read differently, is not handed on', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  const outcomes: Record<string, string> = {}
  const responses = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw',
    'HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2p1\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`,
    '',
  ]
  for (const response of responses) {
    bed.arrivals.greet = answers(response)
    const { answers: got, endedBy } = await send(proxy, get('http://lab.example.com:8000/'))
    outcomes[response.slice(0, 80)] = `${got.map(({ status }) => status).join()} ${endedBy}`
  }

  expect(outcomes).toEqual(Object.fromEntries(responses.map((response) => [response.slice(0, 80), '502 proxy'])))
})

test('interim answers are dropped, HEAD, 204 and 304 have no content, and 100-continue is answered once', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)
  const request = get('http://lab.example.com:8000/')

  bed.arrivals.greet = answers(
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50)}${OK}`,
  )
  expect((await send(proxy, request)).answers).toEqual([expect.objectContaining({ status: 200, content: 'hello' })])
  for (const head of ['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n']) {
    bed.arrivals.greet = answers(head)
    expect((await answerTo(proxy, request)).content).toBe('')
  }
  bed.arrivals.greet = answers('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  expect((await send(proxy, request.replace('GET', 'HEAD'))).wire).toMatch(/content-length: 5\r\n(?:.+\r\n)*\r\n$/i)
  bed.arrivals.greet = answers(OK)
  const upload = `${request.replace('GET', 'POST').trimEnd()}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`
  const { interim, answers: got } = await send(proxy, upload)
  expect([interim, got.map(({ status }) => status)]).toEqual([[100], [200]])
})

test('where the client leaves, while it waits or while it reads, the destination hears of it within a second', async (bed) => {
  bed.names.set('lab.example.com', ['10.86.8.223'])
  await using proxy = await startEgressProxy(bed, LAB)

  for (const [index, said] of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello'].entries()) {
    bed.arrivals.greet = says(said)
    const client = await proxy.dial({ endsWhole: true })
    client.write(get('http://lab.example.com:8000/'))
    await expect.poll(() => bed.arrivals.all.length).toBe(index + 1)
    if (said) await once(client, 'data')
    client.destroy()
    const [arrival] = bed.arrivals.all.slice(index)
    await bed.arrivals.find((each) => each === arrival && each.hasEnded, 1_500)
  }
})
