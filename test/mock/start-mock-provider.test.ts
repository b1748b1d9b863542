import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { postJson } from './ask-mock.js'

const hello = { model: 'mock/echo', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

test('listens on loopback only, on a port that was free', async () => {
  await using provider = await startMockProvider()
  await using six = await startMockProvider({ host: '::1' })

  expect(provider.url).toBe(`http://127.0.0.1:${provider.port}/v1`)
  expect(six.url).toBe(`http://[::1]:${six.port}/v1`)
  expect((await fetch(`${six.url}/models`)).status).toBe(200)
})

test('says which port is taken', async () => {
  await using provider = await startMockProvider()

  await expect(startMockProvider({ port: provider.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    port: provider.port,
  })
})

test('accepts any key and none until one is named, as Bearer or x-api-key', async () => {
  await using open = await startMockProvider()
  await using closed = await startMockProvider({ apiKey: ['sk-one', 'sk-two'] })
  const statusOf = async (provider: typeof open, headers: Record<string, string>) =>
    (await postJson(provider, '/messages', hello, headers)).status

  expect(await statusOf(open, {})).toBe(200)
  expect(await statusOf(open, bearer('anything'))).toBe(200)
  expect(await statusOf(closed, {})).toBe(401)
  expect(await statusOf(closed, bearer('sk-three'))).toBe(401)
  expect(await statusOf(closed, bearer('sk-one'))).toBe(200)
  expect(await statusOf(closed, { 'x-api-key': 'sk-two' })).toBe(200)
})

test('refuses a key in the dialect of the endpoint, and repeats no more of it than a hint', async () => {
  await using provider = await startMockProvider({ apiKey: 'sk-right' })

  const openai = await postJson(provider, '/chat/completions', hello, bearer('sk-wrong-0123456789'))
  const anthropic = await postJson(provider, '/messages', hello, bearer('sk-wrong-0123456789'))

  expect(await openai.json()).toEqual({
    error: {
      message: 'Incorrect API key provided: sk-***6789.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  })
  expect(await anthropic.json()).toMatchObject({
    type: 'error',
    error: { type: 'authentication_error', message: 'invalid x-api-key' },
  })
})

test('takes another key from one request to the next', async () => {
  await using provider = await startMockProvider({ apiKey: 'sk-old' })

  provider.acceptKeys('sk-new')

  expect((await postJson(provider, '/messages', hello, bearer('sk-old'))).status).toBe(401)
  expect((await postJson(provider, '/messages', hello, bearer('sk-new'))).status).toBe(200)
})

test('serves https with a certificate it is given, and can still reset the connection', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mock-tls-'))
  const [keyPath, certificatePath] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=mock', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyPath, '-out', certificatePath],
  ])
  expect(made.status, String(made.stderr)).toBe(0)
  const [key, cert] = [readFileSync(keyPath), readFileSync(certificatePath)]
  rmSync(folder, { recursive: true })
  await using provider = await startMockProvider({ tls: { key, cert } })
  const ask = (model: string) =>
    new Promise<string>((resolve, reject) => {
      const asked = request(`${provider.url}/chat/completions`, { method: 'POST', ca: cert, agent: false })
      asked.on('error', reject).on('response', (response) => {
        let text = ''
        response
          .setEncoding('utf8')
          .on('data', (piece: string) => {
            text += piece
          })
          .on('error', reject)
          .on('end', () => resolve(text))
      })
      asked.end(JSON.stringify({ ...hello, model, stream: true }))
    })

  expect(provider.url).toBe(`https://127.0.0.1:${provider.port}/v1`)
  expect(await ask('mock/echo')).toContain('[DONE]')
  await expect(ask('mock/reset-mid-stream')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(provider.received.map(({ connectionId }) => connectionId)).toEqual([1, 2])
})

test('closes every connection and the port when disposed of, hanging ones too', async () => {
  const provider = await startMockProvider()
  const idle = connect({ host: '127.0.0.1', port: provider.port })
  idle.on('error', () => undefined)
  const hanging = postJson(provider, '/messages', { ...hello, model: 'mock/hang' }).catch(() => 'gone')
  await provider.waitFor(({ contentComplete }) => contentComplete)
  expect(provider.openConnections).toBe(2)

  await provider[Symbol.asyncDispose]()

  expect(await hanging).toBe('gone')
  expect(provider.openConnections).toBe(0)
  await expect(fetch(`${provider.url}/models`)).rejects.toThrow()
})

test('tells when each request is served', async () => {
  const served: (string | undefined)[] = []
  await using provider = await startMockProvider({ onServed: ({ model }) => served.push(model) })

  await (await postJson(provider, '/messages', hello)).text()
  await (await postJson(provider, '/messages', { ...hello, model: 'mock/429' })).text()

  expect(served).toEqual(['mock/echo', 'mock/429'])
})
