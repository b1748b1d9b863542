import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ClientSession } from './client-session.js'
import { expectMended, expectRefused, lineOfWhy, pasteAndWait } from './expect-mended.js'
import { startHttpsSite } from './site.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients(['curl', 'wget'])

const URL = 'https://api.example.com/greeting'
const REFUSAL = {
  host: 'api.example.com',
  port: 443,
  exitCode: 56,
  says: 'CONNECT tunnel failed, response 403',
}

test('curl: denied, explained, and mended by the line that policy why gives', async (session) => {
  await using _site = await startHttpsSite(session.bed, 'api.example.com', greet)

  const { stdout } = await expectMended(session, () => curl(session), REFUSAL)

  expect(stdout).toBe('hello')
  expect(session.bed.arrivals.dialled).toEqual(['93.184.216.34:443'])
})

test('curl to a private address over https: first the name is allowed, then the address', async (session) => {
  await using _site = await startHttpsSite(session.bed, 'api.example.com', greet, ['10.86.8.10'])

  await expectRefused(session, () => curl(session), REFUSAL)
  await pasteAndWait(session, await lineOfWhy(session, REFUSAL))
  const { stdout } = await expectMended(session, () => curl(session), {
    ...REFUSAL,
    why: 'address',
    reason: '10.86.8.10 is a private address, and policy "api-example-com" does not list it in allowed_ips',
    line: 'nemoclaw policy allow api.example.com:443 --allowed-ip 10.86.8.10/32',
  })

  expect(stdout).toBe('hello')
  expect(session.bed.arrivals.dialled).toEqual(['10.86.8.10:443'])
})

test('curl is allowed by --binary and wget is not: policy why says which program asked', async (session) => {
  await using _site = await startHttpsSite(session.bed, 'api.example.com', greet)
  await pasteAndWait(session, 'nemoclaw policy allow api.example.com:443 --binary /usr/bin/curl')
  expect(await curl(session)).toMatchObject({ code: 0, stdout: 'hello' })

  const { stdout } = await expectMended(session, () => wget(session), {
    ...REFUSAL,
    exitCode: 4,
    says: 'Proxy tunneling failed: ForbiddenUnable to establish SSL connection.',
    why: 'program',
    reason: 'policy "api-example-com" allows it to other programs only, not to /usr/bin/wget',
    line: 'nemoclaw policy allow api.example.com:443 --binary /usr/bin/wget',
  })

  expect(stdout).toBe('hello')
  expect(await curl(session)).toMatchObject({ code: 0, stdout: 'hello' })
})

function greet(_request: unknown, response: { end(text: string): unknown }): void {
  response.end('hello')
}

function curl({ run, sitesRoot }: ClientSession, program = 'curl') {
  return run([program, '-sS', '--max-time', '10', URL], { CURL_CA_BUNDLE: sitesRoot })
}

function wget({ run, sitesRoot, folder }: ClientSession) {
  const settings = join(folder, 'wgetrc')
  writeFileSync(settings, `ca_certificate = ${sitesRoot}\n`)
  return run(['wget', '-nv', '-O', '-', '--tries=1', '--timeout=10', URL], { WGETRC: settings })
}
