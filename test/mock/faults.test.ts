import { gunzipSync } from 'node:zlib'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { dataOf, eventsOf, postJson } from './ask-mock.js'
import { rawExchange } from './raw-exchange.js'

const CHAT = '/chat/completions'
const ask = (model: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: 'Hi' }], ...more })

test('mock/429:SECONDS says when to come back', async () => {
  await using provider = await startMockProvider()

  const { headers } = await postJson(provider, CHAT, ask('mock/429:17'))

  expect(headers.get('retry-after')).toBe('17')
  expect(headers.get('x-should-retry')).toBe('true')
})

test('mock/slow-first-byte keeps silent before the head', async () => {
  await using provider = await startMockProvider()

  const quick = await rawExchange(provider, CHAT, ask('mock/slow-first-byte:400'), { waitMs: 200 })
  const startedAtMs = performance.now()
  const response = await postJson(provider, CHAT, ask('mock/slow-first-byte:400'))

  expect(quick).toMatchObject({ text: '', ended: 'open' })
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(390)
  expect(response.status).toBe(200)
})

test('mock/slow-stream sends the head at once and takes its time between pieces', async () => {
  await using provider = await startMockProvider()

  const startedAtMs = performance.now()
  const response = await postJson(provider, CHAT, ask('mock/slow-stream:100', { stream: true }))
  const headAfterMs = performance.now() - startedAtMs
  const events = await eventsOf(response)

  const totalMs = performance.now() - startedAtMs
  expect(totalMs).toBeGreaterThanOrEqual((events.length - 1) * 95)
  expect(headAfterMs).toBeLessThan(totalMs / 2)
})

test.each([
  ['mock/hang', 'open', ''],
  ['mock/close', 'fin', ''],
  ['mock/reset', 'reset', ''],
  ['mock/not-http', 'fin', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
])('%s: connection %s, sent %j', async (model, ended, text) => {
  await using provider = await startMockProvider()

  expect(await rawExchange(provider, CHAT, ask(model), { waitMs: 300 })).toMatchObject({ ended, text })
})

test('mock/conflicting-framing sends Content-Length and Transfer-Encoding both', async () => {
  await using provider = await startMockProvider()

  const { text } = await rawExchange(provider, CHAT, ask('mock/conflicting-framing'))

  expect(text).toMatch(/\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n/)
})

test.each(['mock/reset-mid-stream', 'mock/close-mid-chunk', 'mock/hang-mid-stream'])(
  '%s without a stream: half of the announced JSON',
  async (model) => {
    await using provider = await startMockProvider()

    const { text } = await rawExchange(provider, CHAT, ask(model), { waitMs: 300 })
    const [head = '', content = ''] = text.split('\r\n\r\n')
    const announced = Number(/content-length: (\d+)/.exec(head)?.[1])

    expect(content.length).toBeGreaterThan(0)
    expect(content.length).toBeLessThan(announced)
  },
)

test('mock/truncated without a stream: half of the JSON, and a clean end', async () => {
  await using provider = await startMockProvider()

  const { text } = await rawExchange(provider, CHAT, ask('mock/truncated'), { headers: 'Connection: close\r\n' })

  expect(text).toMatch(/\r\n0\r\n\r\n$/)
  expect(text).toContain('"chat.completion"')
  expect(text).not.toContain('system_fingerprint')
})

test('mock/bad-json is a 200 whose JSON breaks off', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, ask('mock/bad-json'))

  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  await expect(response.json()).rejects.toThrow(SyntaxError)
})

test('mock/redirect leads to another host, with the status it was told', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, ask('mock/redirect:302'))

  expect(response.status).toBe(302)
  expect(response.headers.get('location')).toBe('https://redirected.invalid/v1/chat/completions')
})

test('mock/set-cookie sends two cookies, Alt-Svc and HSTS', async () => {
  await using provider = await startMockProvider()

  const { headers, status } = await postJson(provider, CHAT, ask('mock/set-cookie'))

  expect(status).toBe(200)
  expect(headers.getSetCookie()).toHaveLength(2)
  expect(headers.get('alt-svc')).toMatch(/^h3=/)
  expect(headers.get('strict-transport-security')).toMatch(/^max-age=/)
})

test('mock/reject-max-tokens wants max_completion_tokens', async () => {
  await using provider = await startMockProvider()

  const refused = await postJson(provider, CHAT, ask('mock/reject-max-tokens', { max_tokens: 8 }))
  const accepted = await postJson(provider, CHAT, ask('mock/reject-max-tokens', { max_completion_tokens: 8 }))

  expect(refused.status).toBe(422)
  expect(await refused.json()).toMatchObject({ error: { param: 'max_tokens', code: 'unsupported_parameter' } })
  expect(accepted.status).toBe(200)
})

test('mock/html-error is a page, as a gateway sends it', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, ask('mock/html-error:504'))

  expect(response.status).toBe(504)
  expect(response.headers.get('content-type')).toBe('text/html')
  expect(await response.text()).toContain('</html>')
})

test('mock/gzip compresses where the client accepts it', async () => {
  await using provider = await startMockProvider()
  const accept = { headers: 'Accept-Encoding: gzip\r\nConnection: close\r\nTE: trailers\r\n' }

  const { bytes, text } = await rawExchange(provider, CHAT, ask('mock/gzip'), accept)
  const plain = await rawExchange(provider, CHAT, ask('mock/gzip'), { headers: 'Connection: close\r\n' })

  expect(text).toContain('\r\ncontent-encoding: gzip\r\n')
  expect(gunzipSync(chunkedContent(bytes)).toString()).toContain('"chat.completion"')
  expect(plain.text).not.toContain('content-encoding')
  expect(plain.text).toContain('"chat.completion"')
})

test('mock/trailers sends a field behind the content, and the credential there too when told', async () => {
  await using provider = await startMockProvider()
  const headers = 'Authorization: Bearer sk-in-the-trailer\r\nConnection: close\r\n'

  const { text } = await rawExchange(provider, CHAT, ask('mock/trailers+echo-credential'), { headers })

  expect(text).toMatch(/\r\ntrailer: x-mock-trailer, x-echo-credential\r\n/i)
  expect(text).toMatch(/\r\n0\r\nx-mock-trailer: end\r\nx-echo-credential: sk-in-the-trailer\r\n\r\n$/)
})

test('mock/early-hints sends 103 before the response', async () => {
  await using provider = await startMockProvider()

  const { text } = await rawExchange(provider, CHAT, ask('mock/early-hints'), { headers: 'Connection: close\r\n' })

  expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: .*\r\n\r\nHTTP\/1\.1 200 OK\r\n/i)
})

test('mock/huge-head sends a field as long as it was told', async () => {
  await using provider = await startMockProvider()

  const { text } = await rawExchange(provider, CHAT, ask('mock/huge-head:50000'), { headers: 'Connection: close\r\n' })

  expect(text).toContain(`x-padding: ${'x'.repeat(50_000)}\r\n`)
})

test('faults combine', async () => {
  await using provider = await startMockProvider()

  const startedAtMs = performance.now()
  const response = await postJson(provider, CHAT, ask('mock/slow-first-byte:100+set-cookie+429:9'))

  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(95)
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('9')
  expect(response.headers.getSetCookie()).toHaveLength(2)
})

test.each([
  'mock/',
  'mock/trunkated',
  'mock/echo:1',
  'mock/429:x',
  'mock/429:1:2',
  'mock/redirect:200',
  'mock/echo+nope',
])('%s is no model: a misspelt fault may not pass for a good answer', async (model) => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, ask(model))

  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ error: { code: 'model_not_found' } })
})

test('a model of another name is answered, under that name', async () => {
  await using provider = await startMockProvider()

  const response = await postJson(provider, CHAT, ask('meta/llama-3.1-8b-instruct', { stream: true }))

  expect(dataOf(await eventsOf(response)).every(({ model }) => model === 'meta/llama-3.1-8b-instruct')).toBe(true)
})

test('failNext makes the next requests fail, whatever model they name, and then no more', async () => {
  await using provider = await startMockProvider()
  provider.failNext('mock/503', 2)
  provider.failNext('mock/set-cookie')

  const statuses: number[] = []
  for (let request = 0; request < 4; request++) {
    statuses.push((await postJson(provider, CHAT, ask('gpt-4o'))).status)
  }
  provider.failNext('mock/500')
  const models = await fetch(`${provider.url}/models`)

  expect(statuses).toEqual([503, 503, 200, 200])
  expect(models.status).toBe(500)
})

function chunkedContent(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  let offset = bytes.indexOf('\r\n\r\n') + 4
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset)
    const size = Number.parseInt(bytes.subarray(offset, lineEnd).toString(), 16)
    if (!size) {
      return Buffer.concat(pieces)
    }
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    offset = lineEnd + 2 + size + 2
  }
}
