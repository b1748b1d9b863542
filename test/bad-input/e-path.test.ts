import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { converse } from './converse.js'
import { expectRefused, GOOD_REQUEST_CONTENT, goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

const CHAT = '/v1/chat/completions'
const asking = (target: string) => goodRequest('Connection: close').replace(CHAT, () => target)

describe('a path that two parsers could read differently gets 400 (class 61)', () => {
  test.each([
    '/v1/../admin',
    '/v1/../v1/chat/completions',
    '/v1/./chat/completions',
    '/./v1/chat/completions',
    '/../v1/chat/completions',
    '/v1/chat/completions/.',
    '/v1/chat/completions/..',
    '/v1/chat/..',
    '/v1/chat/%2e%2e/chat/completions',
    '/v1/%2E./chat/completions',
    '/v1/.%2e/chat/completions',
    '/v1/chat%2ecompletions',
    '/v1/%252e%252e/chat/completions',
    '/v1/%25%32%65/chat/completions',
    '/v1%252fchat/completions',
    '/v1/..%2f/chat/completions',
    '/v1/..%5c/chat/completions',
    '/v1%2fchat%2fcompletions',
    '/v1/chat%2Fcompletions',
    '/v1/chat%5ccompletions',
    '/v1/chat\\completions',
    '\\v1\\chat\\completions',
    '/v1\\..\\chat/completions',
    '//v1/chat/completions',
    '/v1//chat/completions',
    '/v1/chat//completions',
    '/v1/chat/completions//',
    '///',
    '/v1/chat/completions;a=b',
    '/v1;a=b/chat/completions',
    '/v1/chat/completions;',
    '/v1/chat/completions%00',
    '/v1/chat/completions%00.json',
    '/v1/%00/chat/completions',
    '/v1/chat/completions%0d%0aX:y',
    '/v1/chat/completions%0a',
    '/v1/chat/completions%7f',
    '/v1/chat/completions%1b[2J',
    '/v1/%c0%ae%c0%ae/chat/completions',
    '/v1/%c0%af/chat/completions',
    '/v1/%e0%80%af/chat/completions',
    '/v1/%ff/chat/completions',
    '/v1/chat/completions%',
    '/v1/chat/completions%2',
    '/v1/chat/completions%zz',
    '/v1/%u002e%u002e/chat/completions',
    '/v1/\xc0\xae\xc0\xae/chat/completions',
    '/v1/chat/complet\xedons',
    '/v1/models/..',
    '/v1/models/%2e%2e',
    '/v1/models/a%2fb',
    '/v1/models/;',
    '/v1/models//',
  ])('%j', async (target) => {
    await expectRefused('tunnel', asking(target), { status: 400, code: 'invalid_request' })
  })

  test.each(['/v1/models/%E4%B8%AD', '/v1/models/a%20b'])('%s is a path like any other', async (target) => {
    const request = `GET ${target} HTTP/1.1\r\nHost: inference.local\r\n\r\n`
    await expectRefused('tunnel', request, { status: 404, code: 'model_not_found' })
  })
})

describe('a target that a URL parser would take for another host stays on ours, or is refused (class 62)', () => {
  test.each([
    '//127.0.0.1/x',
    '//evil.com/v1/chat/completions',
    '/\\evil.com/v1/chat/completions',
    '/\\\\evil.com',
    'http:/v1/chat/completions',
    'http:v1/chat/completions',
    'https:/evil.com',
    'http:\\\\evil.com',
    '@evil.com/v1/chat/completions',
    ':80/v1/chat/completions',
    '?/v1/chat/completions',
    '#/v1/chat/completions',
    '.evil.com/v1/chat/completions',
    'v1/chat/completions',
  ])('%s', async (target) => {
    await expectRefused('tunnel', asking(target), { status: 400 })
  })

  test.each(['', '/', '/api', '/api/', '/v1', '/v1/', '/openai/v1', '/a%2Fb/v1', '/%76%31'])(
    'with the base path %j',
    async (base) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: `http://127.0.0.1:${upstream.port}${base}` })

      await converse(proxy, 'tunnel', asking(`${CHAT}?next=//evil.com/../x`))

      const prefix = base.replace(/\/+$/, '').replace(/\/v1$/, '')
      expect(upstream.bytes).toMatch(/^POST /)
      expect(upstream.bytes.split(' ')[1]).toBe(`${prefix}${CHAT}?next=//evil.com/../x`)
    },
  )
})

describe('what is not served is refused with the list of what is (class 64)', () => {
  test.each([
    ...[
      '/v1/files',
      '/v1/files/file-1/content',
      '/v1/batches',
      '/v1/fine_tuning/jobs',
      '/v1/containers',
      '/v1/uploads',
    ],
    ...[
      '/v1/organization/usage',
      '/v1/organization/admin_api_keys',
      '/v1/assistants',
      '/v1/threads',
      '/v1/vector_stores',
    ],
    ...[
      '/v1/responses/resp_1',
      '/v1/responses/resp_1/cancel',
      '/v1/chat/completions/chatcmpl-1',
      '/v1/messages/batches',
    ],
    ...[
      '/v1/evals',
      '/v1/realtime/sessions',
      '/v1/audio/other',
      '/v1/skills',
      '/v1/complete',
      '/v1/experimental',
      '/v2/chat/completions',
    ],
    ...[
      '/',
      '/admin',
      '/health',
      '/metrics',
      '/api/generate',
      '/chat/completions',
      '/v1',
      '/v1/',
      '/favicon.ico',
      '/.env',
      '/v1/embeddings/x',
    ],
  ])('%s', async (target) => {
    const { answers } = await expectRefused('tunnel', asking(target), { status: 403, code: 'endpoint_not_allowed' })

    expect(answers[0]?.content).toContain('POST /v1/chat/completions')
  })

  test('in the dialect of the path', async () => {
    const { answers } = await expectRefused('tunnel', asking('/v1/messages/batches'), { status: 403 })

    expect(JSON.parse(answers[0]?.content ?? '')).toMatchObject({ type: 'error', error: { type: 'permission_error' } })
  })

  test('without repeating more than a line of what was asked', async () => {
    const { answers } = await expectRefused('tunnel', asking(`/v1/${'a'.repeat(8_000)}`), { status: 403 })

    expect(answers[0]?.content.length).toBeLessThan(2_000)
  })
})

describe('a credential in the query gets 400 and reaches nobody (class 65)', () => {
  test.each([
    'key=sk-query',
    'api_key=sk-query',
    'api-key=sk-query',
    'access_token=sk-query',
    'KEY=sk-query',
    'Api_Key=sk-query',
    'a=b&key=sk-query',
    'key=&key=sk-query',
    'key',
    '%6bey=sk-query',
    'k%65y=sk-query',
    'api%5Fkey=sk-query',
    'access%5ftoken=sk-query',
    'a=b;key=sk-query',
    '+key=sk-query',
    'key+=sk-query',
    '%20key=sk-query',
    '&&key=sk-query',
  ])('?%s', async (query) => {
    const { wire } = await expectRefused('tunnel', asking(`${CHAT}?${query}`), { status: 400, code: 'invalid_request' })

    expect(wire).not.toContain('sk-query')
  })

  test.each(['beta=true', 'monkey=1', 'key2=1', 'api_keys=1', 'a=key', 'a=b&c=d', 'x=%26key%3D1', 'a=1;b=2', ''])(
    '?%s is sent on as it came',
    async (query) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', asking(`${CHAT}?${query}`))

      expect(answers[0]?.status).toBe(200)
      expect(upstream.bytes.split(' ')[1]).toBe(`${CHAT}?${query}`)
    },
  )

  test('a query is in nothing that the proxy tells', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    for (const target of [`${CHAT}?key=sk-query`, `${CHAT}?x=sk-query`, '/v1/files?x=sk-query', '/?sk-query']) {
      await converse(proxy, 'tunnel', asking(target))
    }

    expect(JSON.stringify(proxy.events)).not.toContain('sk-query')
  })
})

describe('near misses of an endpoint are misses (class 66)', () => {
  test.each([
    `${CHAT}/`,
    '/V1/chat/completions',
    '/v1/Chat/Completions',
    '/v1/chat/completions.',
    '/v1/chat/completions%20',
    '/v1/chat/completion',
    '/v1/chat/completionss',
    '/v1/chat%20/completions',
    '/v1/ch%61t/completions',
    '/v1/models/',
  ])('%s', async (target) => {
    await expectRefused('tunnel', asking(target), { status: [403, 405], code: undefined as never })
  })

  test('a fragment gets 400', async () => {
    await expectRefused('tunnel', asking(`${CHAT}#frag`), { status: 400 })
  })

  test('a second question mark belongs to the query', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    await converse(proxy, 'tunnel', asking(`${CHAT}?a=1?b=2?`))

    expect(upstream.bytes.split(' ')[1]).toBe(`${CHAT}?a=1?b=2?`)
  })
})

describe('no web page may spend the money of the operator (class 67)', () => {
  const EVIL = [
    ['Origin: https://evil.example'],
    ['Origin: null'],
    ['Origin: https://inference.local'],
    ['Origin: http://localhost:3000'],
    ['Origin:'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    ['Sec-Fetch-Site: same-origin'],
    ['Sec-Fetch-Site: none', 'Sec-Fetch-Site: cross-site'],
    ['Origin: https://good.example, https://evil.example'],
    ['Origin: https://good.example', 'Origin: https://evil.example'],
    ['Origin: https://good.example.evil.example'],
    ['Origin: https://good.example:8443'],
    ['Origin: http://good.example'],
    ['Sec-Fetch-Site: cross-site', 'Origin: https://evil.example'],
  ]

  for (const allowedOrigins of [[], ['https://good.example']]) {
    test.each(EVIL)(
      `with ${allowedOrigins.length} origins allowed, %s gets 403 and no permission`,
      async (...fields) => {
        await using upstream = await startRecordingUpstream()
        await using proxy = await startTestProxy({ baseUrl: upstream.url }, { allowedOrigins })

        for (const request of [
          goodRequest(...fields),
          `GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n${fields.join('\r\n')}\r\n\r\n`,
          `OPTIONS ${CHAT} HTTP/1.1\r\nHost: inference.local\r\nAccess-Control-Request-Method: POST\r\n${fields.join('\r\n')}\r\n\r\n`,
        ]) {
          const { answers } = await converse(proxy, 'tunnel', request)

          expect(answers).toEqual([expect.objectContaining({ status: 403, code: 'origin_denied' })])
          expect(answers[0]?.fields.map(([name]) => name).join()).not.toContain('access-control')
        }
        expect(upstream.bytes).toBe('')
      },
    )
  }

  test('a preflight without Origin is refused', async () => {
    await expectRefused('tunnel', `OPTIONS ${CHAT} HTTP/1.1\r\nHost: inference.local\r\n\r\n`, { status: 405 })
  })

  test('permissions of the provider are not passed on', async () => {
    const content = '{}'
    await using upstream = await startRecordingUpstream(
      `HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\naccess-control-expose-headers: *\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
    )
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(wire).not.toMatch(/access-control/i)
  })

  test('a page that the operator named is served, and may read the answer', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url }, { allowedOrigins: ['https://good.example'] })
    const origin = ['Origin: https://good.example', 'Sec-Fetch-Site: cross-site']

    const preflight = await converse(
      proxy,
      'tunnel',
      [
        `OPTIONS ${CHAT} HTTP/1.1`,
        'Host: inference.local',
        ...origin,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: authorization,content-type,x-stainless-lang',
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    )
    const served = await converse(proxy, 'tunnel', goodRequest('Connection: close', ...origin))
    const refused = await converse(
      proxy,
      'tunnel',
      goodRequest('Connection: close', ...origin).replace(CHAT, '/v1/files'),
    )

    expect(preflight.answers[0]?.status).toBe(204)
    expect(fieldsNamed(preflight.answers[0], 'access-control-allow-methods')).toEqual(['GET, POST'])
    expect(fieldsNamed(preflight.answers[0], 'access-control-allow-headers')).toEqual([
      'authorization,content-type,x-stainless-lang',
    ])
    expect(served.answers[0]?.status).toBe(200)
    expect(refused.answers[0]?.status).toBe(403)
    for (const { answers } of [preflight, served, refused]) {
      expect(fieldsNamed(answers[0], 'access-control-allow-origin')).toEqual(['https://good.example'])
      expect(fieldsNamed(answers[0], 'vary').join().toLowerCase()).toContain('origin')
      expect(fieldsNamed(answers[0], 'access-control-allow-credentials')).toEqual([])
    }
    expect(upstream.bytes).toContain(GOOD_REQUEST_CONTENT.replace('any', 'mock/echo'))
    expect(upstream.bytes).not.toMatch(/origin|sec-fetch/i)
  })
})
