import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { postJson } from './ask-mock.js'
import { rawExchange } from './raw-exchange.js'

const hello = { model: 'mock/echo', messages: [{ role: 'user', content: 'Hi' }] }

test('records method, target, fields as spelled and content as sent', async () => {
  await using provider = await startMockProvider()

  await rawExchange(provider, '/chat/completions?b=2&a=1', hello, {
    headers: 'X-One: 1\r\nx-one: 2\r\nConnection: close\r\n',
  })

  expect(provider.received).toEqual([
    expect.objectContaining({
      number: 1,
      method: 'POST',
      url: '/v1/chat/completions?b=2&a=1',
      httpVersion: '1.1',
      rawHeaders: expect.arrayContaining(['X-One', '1', 'x-one', '2']),
      headers: expect.objectContaining({ 'x-one': '1, 2' }),
      content: Buffer.from(JSON.stringify(hello)),
      contentBytes: JSON.stringify(hello).length,
      contentComplete: true,
      json: hello,
      model: 'mock/echo',
      status: 200,
      clientAborted: false,
    }),
  ])
})

test('takes a multipart upload apart, octet by octet', async () => {
  await using provider = await startMockProvider()
  const audio = Buffer.from([0, 13, 10, 45, 45, 255, 13, 10])
  const form = new FormData()
  form.append('model', 'mock/echo')
  form.append('file', new Blob([audio], { type: 'audio/wav' }), 'weird "name".wav')

  await fetch(`${provider.url}/audio/transcriptions`, { method: 'POST', body: form })

  expect(provider.received[0]).toMatchObject({
    model: 'mock/echo',
    parts: [
      { name: 'model', content: Buffer.from('mock/echo') },
      { name: 'file', filename: 'weird %22name%22.wav', contentType: 'audio/wav', content: audio },
    ],
  })
  expect(provider.received[0]).not.toHaveProperty('json')
})

test('tells which requests shared a connection', async () => {
  await using provider = await startMockProvider()

  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  for (let number = 0; number < 2; number++) {
    const [response] = await once(request(`${provider.url}/models`, { agent }).end(), 'response')
    await once(response.resume(), 'close')
  }
  await fetch(`${provider.url}/models`)
  agent.destroy()

  expect(provider.received.map(({ connectionId }) => connectionId)).toEqual([1, 1, 2])
})

test('notes when the client leaves in the middle of an answer', async () => {
  await using provider = await startMockProvider()
  const abort = new AbortController()
  const response = await fetch(`${provider.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...hello, model: 'mock/hang-mid-stream', stream: true }),
    signal: abort.signal,
  })

  expect(response.status).toBe(200)
  const leftAtMs = Date.now()
  abort.abort()
  const received = await provider.waitFor(({ clientAborted }) => clientAborted)

  expect(received.clientAbortedAtMs! - leftAtMs).toBeLessThan(10_000)
})

test('keeps what came of an upload that broke off', async () => {
  await using provider = await startMockProvider()
  const socket = connect({ host: '127.0.0.1', port: provider.port })
  socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"model":')
  await provider.waitFor(({ contentBytes }) => contentBytes > 0)
  socket.destroy()

  expect(await provider.waitFor(({ clientAborted }) => clientAborted)).toMatchObject({
    content: Buffer.from('{"model":'),
    contentComplete: false,
  })
})

test.each(['mock/truncated', 'mock/reset-mid-stream', 'mock/close-mid-chunk', 'mock/close', 'mock/reset', 'mock/echo'])(
  'does not blame the client for how %s ends',
  async (model) => {
    await using provider = await startMockProvider()

    await rawExchange(
      provider,
      '/chat/completions',
      { ...hello, model, stream: true },
      { headers: 'Connection: close\r\n' },
    )
    await pause(50)

    expect(provider.received[0]?.clientAborted).toBe(false)
  },
)

test('waitFor gives up when no such request comes', async () => {
  await using provider = await startMockProvider()

  await expect(provider.waitFor(() => false, 50)).rejects.toThrow('No such request within 50 ms.')
})

test('forgets the oldest requests beyond a number, and beyond an amount of content', async () => {
  await using few = await startMockProvider({ maxReceived: 2 })
  await using small = await startMockProvider({ maxReceivedBytes: 3_000 })
  const padded = { ...hello, padding: 'x'.repeat(1_200) }

  for (let request = 0; request < 4; request++) {
    await postJson(few, '/chat/completions', hello)
    await postJson(small, '/chat/completions', padded)
  }

  expect(few.received.map(({ number }) => number)).toEqual([3, 4])
  expect(small.received.map(({ number }) => number)).toEqual([3, 4])
})

test('answers 413 to content beyond what it keeps, and does not keep it', async () => {
  await using provider = await startMockProvider({ maxReceivedBytes: 100_000 })

  const response = await postJson(provider, '/chat/completions', { ...hello, padding: 'x'.repeat(1_000_000) })

  expect(response.status).toBe(413)
  expect(provider.received[0]?.contentBytes).toBeGreaterThan(1_000_000)
  expect(provider.received[0]?.content.length).toBeLessThanOrEqual(100_000)
})

test('sends no faster than it is read', async () => {
  await using provider = await startMockProvider({ pieceDelayMs: 0 })
  const asked = request(`${provider.url}/chat/completions`, { method: 'POST', agent: false })
  asked.end(JSON.stringify({ ...hello, model: 'mock/huge:100000000', stream: true }))
  const before = process.memoryUsage().external

  const [response] = await once(asked, 'response')
  response.pause()
  await pause(300)

  expect(process.memoryUsage().external - before).toBeLessThan(40_000_000)
  asked.destroy()
})

test('accepts Expect: 100-continue', async () => {
  await using provider = await startMockProvider()

  const { text } = await rawExchange(provider, '/chat/completions', hello, {
    headers: 'Expect: 100-continue\r\nConnection: close\r\n',
  })

  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})
