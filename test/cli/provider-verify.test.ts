import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { cliHome } from './run-cli.js'
import { selfSigned } from './self-signed.js'

const KEY = 'sk-verify-0123456789'

async function homeWithProvider(url: string, env: Record<string, string> = {}) {
  const home = cliHome({ KEY, ...env })
  await home.run([
    'provider',
    'create',
    'p',
    '--type',
    'mock',
    '--credential',
    'MOCK_API_KEY=env:KEY',
    '--base-url',
    url,
  ])
  return home
}

test('the default model of the type is asked where no other is named', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithProvider(provider.url)

  expect(await home.json(['provider', 'verify', 'p'])).toEqual({
    provider: 'p',
    model: 'mock/echo',
    endpoints: [{ url: `${provider.url}/chat/completions`, protocol: 'openai_chat_completions' }],
  })
})

test('the model of the route is asked before the default one', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithProvider(provider.url)
  await home.run(['cluster', 'inference', 'set', '--provider', 'p', '--model', 'route/model', '--no-verify'])

  expect((await home.run(['provider', 'verify', 'p'])).stdout).toBe(
    `✓ Provider p serves route/model\n  ${provider.url}/chat/completions (openai_chat_completions)\n`,
  )
})

test('a type without a default model asks for one', async () => {
  using home = cliHome({ KEY })
  await home.run(['provider', 'create', 'p', '--type', 'openai', '--credential', 'OPENAI_API_KEY=env:KEY'])

  const { code, stderr } = await home.run(['provider', 'verify', 'p'])

  expect(code).toBe(2)
  expect(stderr).toContain('nemoclaw provider verify p --model MODEL')
})

test.each([
  ['mock/429', 'rate_limited'],
  ['mock/503', 'provider_failed'],
  ['mock/401', 'credential_rejected'],
  ['mock/reset', 'unreachable'],
  ['mock/not-http', 'unexpected_answer'],
  ['mock/bad-json', 'unexpected_answer'],
  ['mock/huge', 'unexpected_answer'],
  ['mock/conflicting-framing', 'unexpected_answer'],
  ['mock/truncated', 'unexpected_answer'],
  ['mock/redirect', 'redirected'],
  ['mock/html-error:502', 'provider_failed'],
  ['mock/reject-max-tokens', undefined],
  ['mock/gzip', undefined],
  ['mock/slow-first-byte:300', undefined],
])('%s: %s', async (model, failureClass) => {
  await using provider = await startMockProvider()
  using home = await homeWithProvider(provider.url)

  const { code, stdout } = await home.run(['provider', 'verify', 'p', '--model', model, '--json'])

  if (failureClass === undefined) {
    expect({ code, stdout }).toMatchObject({ code: 0 })
  } else {
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: `ERR_VERIFICATION_${failureClass.toUpperCase()}` } })
  }
})

test('a key that the provider echoes does not reach the terminal', async () => {
  await using provider = await startMockProvider({ apiKey: 'another' })
  using home = await homeWithProvider(provider.url)

  const { code, stdout, stderr } = await home.run(['provider', 'verify', 'p'])

  expect(code).toBe(1)
  expect(stdout + stderr).toContain('Incorrect API key provided')
  expect(stdout + stderr).not.toMatch(/sk-|6789/)
})

test('nobody there', async () => {
  using home = await homeWithProvider('http://127.0.0.1:9/v1')

  expect(await home.run(['provider', 'verify', 'p'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'verification failed (unreachable): no connection to http://127.0.0.1:9 (ECONNREFUSED)',
    ),
  })
})

test('an unknown certificate is refused before the key is sent, and --upstream-ca names the CA', async () => {
  const tls = selfSigned()
  await using provider = await startMockProvider({ tls })
  using home = await homeWithProvider(provider.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
  const ca = join(home.path, 'ca.pem')
  writeFileSync(ca, tls.cert)

  const refused = await home.run(['provider', 'verify', 'p'])
  const accepted = await home.run(['provider', 'verify', 'p', '--upstream-ca', ca])

  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('verification failed (tls_failed)') })
  expect(accepted).toMatchObject({ code: 0 })
  expect(provider.received).toHaveLength(1)
})

test('a CA file that is none', async () => {
  using home = await homeWithProvider('https://127.0.0.1:9/v1')
  writeFileSync(join(home.path, 'ca.pem'), 'not a certificate')

  expect(await home.run(['provider', 'verify', 'p', '--upstream-ca', join(home.path, 'ca.pem')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('holds no PEM certificate'),
  })
  expect(await home.run(['provider', 'verify', 'p', '--upstream-ca', join(home.path, 'missing.pem')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot read the CA file'),
  })
})
