import { startMockProvider } from '@nemoclaw/provider-mock'
import { describe, expect, test } from 'vitest'
import { eventsOf, postJson } from './ask-mock.js'
import { rawExchange } from './raw-exchange.js'

/** The same question in each dialect that streams, and what a whole stream ends with. */
const DIALECTS = [
  ['/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }, 'data: [DONE]\n\n'],
  ['/responses', { input: 'Hi' }, 'event: response.completed'],
  ['/messages', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 }, 'event: message_stop'],
] as const

describe.each(DIALECTS)('%s', (path, question, terminal) => {
  const ask = (model: string) => ({ ...question, model, stream: true })

  test('a good stream ends with its terminal event and a last chunk', async () => {
    await using provider = await startMockProvider()

    const { text } = await rawExchange(provider, path, ask('mock/echo'), { headers: 'Connection: close\r\n' })

    expect(text).toContain(terminal)
    expect(text).toMatch(/\r\n0\r\n\r\n$/)
  })

  test('mock/truncated ends cleanly without the terminal event', async () => {
    await using provider = await startMockProvider()

    const { text, ended } = await rawExchange(provider, path, ask('mock/truncated'), {
      headers: 'Connection: close\r\n',
    })

    expect(ended).toBe('fin')
    expect(text).toMatch(/\r\n0\r\n\r\n$/)
    expect(text).toContain('data: ')
    expect(text).not.toContain(terminal)
  })

  test('mock/reset-mid-stream ends in a TCP reset after half of the events', async () => {
    await using provider = await startMockProvider()

    const { text, ended } = await rawExchange(provider, path, ask('mock/reset-mid-stream'))

    expect(ended).toBe('reset')
    expect(text).toContain('data: ')
    expect(text).not.toContain(terminal)
  })

  test('mock/close-mid-chunk ends in FIN inside a chunk', async () => {
    await using provider = await startMockProvider()

    const { text, ended } = await rawExchange(provider, path, ask('mock/close-mid-chunk'))

    expect(ended).toBe('fin')
    expect(text).toMatch(/\r\n400\r\ndata: \{"half$/)
  })

  test('mock/hang-mid-stream leaves the connection open after half of the events', async () => {
    await using provider = await startMockProvider()

    const { text, ended } = await rawExchange(provider, path, ask('mock/hang-mid-stream'), { waitMs: 400 })

    expect(ended).toBe('open')
    expect(text).toContain('data: ')
    expect(text).not.toContain(terminal)
  })

  test('mock/garbage-event puts bytes that are no UTF-8 between good events', async () => {
    await using provider = await startMockProvider()

    const { text, bytes } = await rawExchange(provider, path, ask('mock/garbage-event'), {
      headers: 'Connection: close\r\n',
    })

    expect(bytes.includes(Buffer.from([0xff, 0xfe, 0x00]))).toBe(true)
    expect(text).toContain(terminal)
  })

  test('mock/bad-json breaks the data of events off', async () => {
    await using provider = await startMockProvider()

    await expect(postJson(provider, path, ask('mock/bad-json')).then(eventsOf)).rejects.toThrow(/JSON/)
  })

  test('mock/early-error-event sends the error event of the dialect, and nothing after it', async () => {
    await using provider = await startMockProvider()

    const response = await postJson(provider, path, ask('mock/early-error-event'))
    const events = await eventsOf(response)

    expect(response.status).toBe(200)
    expect(events).toHaveLength(4)
    expect(events.at(-1)).toEqual(ERROR_EVENTS[path])
  })

  test('mock/early-error-event is a 500 where nothing streams', async () => {
    await using provider = await startMockProvider()

    expect((await postJson(provider, path, { ...ask('mock/early-error-event'), stream: false })).status).toBe(500)
  })

  test('mock/echo-credential shows the credential in a field, whole and streamed', async () => {
    await using provider = await startMockProvider()
    const bearer = { authorization: 'Bearer sk-reflected-1' }
    const apiKey = { 'x-api-key': 'sk-reflected-2' }

    const whole = await postJson(provider, path, { ...ask('mock/echo-credential'), stream: false }, bearer)
    const streamed = await postJson(provider, path, ask('mock/echo-credential'), apiKey)

    expect(whole.headers.get('x-echo-credential')).toBe('sk-reflected-1')
    expect(await whole.text()).toContain('sk-reflected-1')
    expect(streamed.headers.get('x-echo-credential')).toBe('sk-reflected-2')
    expect(await streamed.text()).toContain('sk-reflected-2')
  })

  test('mock/huge sends as much text as it was told', async () => {
    await using provider = await startMockProvider()

    const { text } = await rawExchange(provider, path, ask('mock/huge:300000'), { headers: 'Connection: close\r\n' })

    expect(text.length).toBeGreaterThan(300_000)
    expect(text).toContain(terminal)
  })

  test.each([400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529])(
    'mock/%i is that status',
    async (status) => {
      await using provider = await startMockProvider()

      const response = await postJson(provider, path, ask(`mock/${status}`))
      const body = (await response.json()) as { type?: string; error: { type: string; message: string } }

      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(body.error).toMatchObject({ type: expect.any(String), message: expect.any(String) })
      expect(body.type).toBe(path === '/messages' ? 'error' : undefined)
      expect(response.headers.get('retry-after')).toBe([429, 503, 529].includes(status) ? '1' : null)
    },
  )
})

const MESSAGE = 'The server had an error while processing your request.'
const ERROR_EVENTS: Readonly<Record<string, unknown>> = {
  '/chat/completions': {
    event: undefined,
    data: { error: { message: MESSAGE, type: 'server_error', param: null, code: 'server_error' } },
  },
  '/responses': {
    event: 'error',
    data: { type: 'error', code: 'server_error', message: MESSAGE, param: null, sequence_number: 3 },
  },
  '/messages': {
    event: 'error',
    data: { type: 'error', error: { type: 'api_error', message: MESSAGE }, request_id: expect.stringMatching(/^req_/) },
  },
}
