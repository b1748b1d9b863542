import { expect } from 'vitest'
import type { ClientSession } from './client-session.js'
import { expectMended, pasteAndWait } from './expect-mended.js'
import { startHttpSite } from './site.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients(['curl'])

const REFUSED = { exitCode: 22, says: 'The requested URL returned error: 403' }

test('plain HTTP to a private address: denied, explained, and mended by the line that policy why gives', async (session) => {
  await using _site = await startHttpSite(session.bed, 'lab.example.com', greet, ['10.86.8.223'])

  const { stdout } = await expectMended(session, () => curl(session, 'http://10.86.8.223:8000/a?b'), {
    ...REFUSED,
    host: '10.86.8.223',
    port: 8000,
    line: 'nemoclaw policy allow 10.86.8.223:8000 --private',
  })

  expect(stdout).toBe('hello at /a?b')
  expect(session.bed.arrivals.dialled).toEqual(['10.86.8.223:8000'])
})

test('plain HTTP to a name with private addresses: the line opens those that it has', async (session) => {
  await using _site = await startHttpSite(session.bed, 'lab.example.com', greet, ['10.86.8.223', '10.86.8.224'])

  const { stdout } = await expectMended(session, () => curl(session, 'http://lab.example.com:8000/'), {
    ...REFUSED,
    host: 'lab.example.com',
    port: 8000,
    line: 'nemoclaw policy allow lab.example.com:8000 --private',
  })

  expect(stdout).toBe('hello at /')
  expect(['10.86.8.223:8000', '10.86.8.224:8000']).toEqual(expect.arrayContaining([...session.bed.arrivals.dialled]))
})

test('plain HTTP to what was allowed without addresses: the line adds them', async (session) => {
  await using _site = await startHttpSite(session.bed, 'lab.example.com', greet, ['10.86.8.223'])
  await pasteAndWait(session, 'nemoclaw policy allow lab.example.com:8000')

  const { stdout } = await expectMended(session, () => curl(session, 'http://lab.example.com:8000/'), {
    ...REFUSED,
    host: 'lab.example.com',
    port: 8000,
    why: 'no_allowed_ips',
    line: 'nemoclaw policy allow lab.example.com:8000 --private',
  })

  expect(stdout).toBe('hello at /')
})

function greet({ url }: { readonly url?: string | undefined }, response: { end(text: string): unknown }): void {
  response.end(`hello at ${url}`)
}

function curl({ run }: ClientSession, url: string) {
  return run(['curl', '-sS', '--fail', '--max-time', '10', url])
}
