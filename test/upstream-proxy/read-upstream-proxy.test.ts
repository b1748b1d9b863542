import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readUpstreamProxy } from '../../packages/cli/src/session/upstream-proxy.js'
import { PROVIDER_ROOT } from '../bad-input/upstream-certificates.js'

const URL_FLAG = { 'upstream-proxy': 'http://proxy.corp:3128' }
const TLS_URL = 'https://proxy.corp:3128'
const of = (variables: Readonly<Record<string, string>>) => (name: string) => variables[name]
const nothing = of({})

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'nemoclaw-upstream-proxy-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

test('none is named: neither by a flag, nor by a variable that is empty, nor by variables of others', async () => {
  const others = { HTTPS_PROXY: 'http://x:1', https_proxy: 'http://x:1', ALL_PROXY: 'http://x:1' }

  expect(await readUpstreamProxy({}, nothing)).toBeUndefined()
  expect(await readUpstreamProxy({}, of({ NEMOCLAW_UPSTREAM_PROXY: '' }))).toBeUndefined()
  expect(await readUpstreamProxy({}, of(others))).toBeUndefined()
  // What belongs to it, left over in the environment, hurts nobody.
  expect(await readUpstreamProxy({}, of({ NEMOCLAW_UPSTREAM_PROXY_CREDENTIAL: 'env:X' }))).toBeUndefined()
})

test('the variable names it, with what belongs to it', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'ca.pem'), PROVIDER_ROOT)
  const proxy = await readUpstreamProxy(
    {},
    of({
      NEMOCLAW_UPSTREAM_PROXY: TLS_URL,
      NEMOCLAW_UPSTREAM_PROXY_CA: join(folder.path, 'ca.pem'),
      NEMOCLAW_UPSTREAM_PROXY_CREDENTIAL: 'env:LOGIN',
      LOGIN: 'ada:hunter2',
    }),
  )

  expect(proxy).toMatchObject({ origin: TLS_URL })
  expect(proxy?.extraRoots.join('')).toContain(PROVIDER_ROOT.trim().split(/\r?\n/)[1])
  expect(await proxy?.credential?.()).toBe('ada:hunter2')
})

test('a proxy that was typed does not get the credential and the CA of the one in the environment', async () => {
  const environment = of({
    NEMOCLAW_UPSTREAM_PROXY: 'https://other.corp',
    NEMOCLAW_UPSTREAM_PROXY_CA: '/nowhere/ca.pem',
    NEMOCLAW_UPSTREAM_PROXY_CREDENTIAL: 'env:LOGIN',
    LOGIN: 'ada:hunter2',
  })

  const proxy = await readUpstreamProxy(URL_FLAG, environment)

  expect(proxy).toMatchObject({ origin: 'http://proxy.corp:3128', credential: undefined })
})

test('a file is read anew each time, so that a rotated password works', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'login')
  writeFileSync(file, 'ada:first\n', { mode: 0o600 })
  const proxy = await readUpstreamProxy({ ...URL_FLAG, 'upstream-proxy-credential': `file:${file}` }, nothing)
  expect(await proxy?.credential?.()).toBe('ada:first')

  writeFileSync(file, 'ada:se:cond ß\r\n', { mode: 0o600 })

  expect(await proxy?.credential?.()).toBe('ada:se:cond ß')
})

test.each([
  ['a literal', 'ada:hunter2', 'takes env:NAME or file:PATH'],
  ['a program', 'exec:pass show proxy', 'takes env:NAME or file:PATH'],
  ['a variable that is not set', 'env:NOT_SET', 'is not set or empty'],
  ['a file that is missing', 'file:/nowhere/hunter2', 'does not exist'],
  ['a value without colon', 'env:NO_COLON', 'holds no user:password'],
  ['a value without user', 'env:NO_USER', 'holds no user:password'],
  ['a value of two lines', 'env:TWO_LINES', 'holds a control character'],
  ['a value that is too long', 'env:LONG', 'more than 8192 bytes'],
])('%s for the credential is refused, and no value is quoted', async (_what, reference, message) => {
  const environment = of({
    NO_COLON: 'hunter2',
    NO_USER: ':hunter2',
    TWO_LINES: 'ada:hunter2\r\nX: y',
    LONG: `ada:hunter2${'x'.repeat(9_000)}`,
  })

  const error: unknown = await readUpstreamProxy(
    { ...URL_FLAG, 'upstream-proxy-credential': reference },
    environment,
  ).catch((reason: unknown) => reason)

  expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining(message) })
  expect(JSON.stringify(error).replace('/nowhere/hunter2', '')).not.toContain('ada:hunter2')
})

test.each([
  ['a credential without a proxy', { 'upstream-proxy-credential': 'env:X' }, 'needs an upstream proxy'],
  ['a CA without a proxy', { 'upstream-proxy-ca': 'ca.pem' }, 'needs an upstream proxy'],
  ['a CA for an http proxy', { ...URL_FLAG, 'upstream-proxy-ca': 'ca.pem' }, 'is for an https:// upstream proxy'],
  ['an empty URL', { 'upstream-proxy': '' }, 'is empty'],
])('%s is a mistake of the command line', async (_what, flags, message) => {
  await expect(readUpstreamProxy(flags, nothing)).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_PROXY_INVALID',
    exitCode: 2,
    message: expect.stringContaining(message),
  })
})

test('a mistake in the environment names the variable', async () => {
  await expect(readUpstreamProxy({}, of({ NEMOCLAW_UPSTREAM_PROXY: 'socks5://x:1' }))).rejects.toMatchObject({
    code: 'ERR_UPSTREAM_PROXY_INVALID',
    exitCode: 1,
    message: expect.stringMatching(/^NEMOCLAW_UPSTREAM_PROXY must begin with/),
  })
})
