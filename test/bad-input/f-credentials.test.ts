import { Credential } from '@nemoclaw/proxy-core'
import { describe, expect, test } from 'vitest'
import { startTestProxy, TEST_SECRET } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { converse } from './converse.js'
import { GOOD_REQUEST_CONTENT, goodRequest } from './expect-refused.js'
import { startRecordingUpstream } from './recording-upstream.js'

/** Fields by which vendors take a credential, an account or a place to send it to. */
const CLIENT_CREDENTIALS = [
  ...[
    'Authorization',
    'Proxy-Authorization',
    'X-Api-Key',
    'Api-Key',
    'ApiKey',
    'X-Goog-Api-Key',
    'X-Amz-Security-Token',
  ],
  ...[
    'X-Amz-Date',
    'X-Amz-Content-Sha256',
    'X-Amz-Target',
    'Cookie',
    'Cookie2',
    'Openai-Organization',
    'Openai-Project',
  ],
  ...[
    'Openai-Beta',
    'Anthropic-Beta',
    'Anthropic-Version',
    'Anthropic-Dangerous-Direct-Browser-Access',
    'X-Auth-Token',
  ],
  ...[
    'X-Access-Token',
    'X-Goog-User-Project',
    'X-Goog-Api-Client',
    'X-Ms-Client-Request-Id',
    'Ocp-Apim-Subscription-Key',
  ],
  ...[
    'X-Subscription-Token',
    'Token',
    'X-Token',
    'Authentication',
    'WWW-Authenticate',
    'X-Csrf-Token',
    'Client-Secret',
  ],
  ...[
    'Nvidia-Api-Key',
    'Nv-Api-Key',
    'X-Nvapi',
    'Helicone-Auth',
    'X-Portkey-Api-Key',
    'X-Portkey-Config',
    'Cf-Aig-Authorization',
  ],
]

/** Fields by which gateways let a caller choose where a request goes (class 82). */
const STEERING = [
  ...['X-Portkey-Custom-Host', 'X-Portkey-Provider', 'X-Portkey-Virtual-Key', 'X-Litellm-Api-Base', 'Litellm-Api-Base'],
  ...[
    'X-Base-Url',
    'Api-Base',
    'Base-Url',
    'Custom-Host',
    'X-Upstream',
    'X-Target-Url',
    'X-Forward-To',
    'Helicone-Target-Url',
  ],
  ...['X-Nemoclaw-Provider', 'X-Nemoclaw-Model-Served', 'X-Nemoclaw-Attempts', 'X-Model', 'X-Stainless-Retry-Count'],
]

describe('of what the client sends to prove itself or to steer, nothing passes (classes 68, 69 and 82)', () => {
  test.each([
    ['bearer', { kind: 'bearer' } as const, `authorization: Bearer ${TEST_SECRET}`],
    ['a field of its own', { kind: 'header', name: 'X-Api-Key' } as const, `x-api-key: ${TEST_SECRET}`],
  ])('where the credential is %s, ours is the only one', async (_what, auth, expected) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, auth })
    const fields = [...CLIENT_CREDENTIALS, ...STEERING].map((name) => `${name}: sk-another-valid-key`)

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close', ...fields))

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).not.toContain('sk-another-valid-key')
    expect(upstream.bytes.match(/^(?:authorization|x-api-key): .*$/gim)).toEqual([expected])
    const names = upstream.bytes
      .split('\r\n\r\n')[0]
      ?.split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0])
    expect(names?.toSorted()).toEqual(
      ['connection', 'content-length', 'content-type', 'host', expected.split(':')[0]].toSorted(),
    )
  })

  test('where the provider takes none, none is sent', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, auth: { kind: 'none' } })

    await converse(proxy, 'tunnel', goodRequest('Connection: close', 'Authorization: Bearer sk-another-valid-key'))

    expect(upstream.bytes).not.toMatch(/authorization|sk-another/i)
  })

  test('a profile lets fields pass by name, ours win over them', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({
      baseUrl: upstream.url,
      passthroughHeaders: ['openai-organization', 'x-team', 'authorization', 'x-api-key', 'example-version'],
      defaultHeaders: [
        ['Example-Version', '1'],
        ['Other', 'd'],
      ],
      extraHeaders: [['X-Team', 'blue']],
    })
    const fields = [
      'OpenAI-Organization: org-1',
      'X-Team: red',
      'X-Team: green',
      'Example-Version: 2',
      'Authorization: Bearer sk-another-valid-key',
    ]

    await converse(proxy, 'tunnel', goodRequest('Connection: close', ...fields))

    expect(upstream.bytes).toContain('\r\nopenai-organization: org-1\r\n')
    expect(upstream.bytes).toContain('\r\nexample-version: 2\r\n')
    expect(upstream.bytes).toContain('\r\nother: d\r\n')
    expect(upstream.bytes.match(/x-team: .*/g)).toEqual(['x-team: blue'])
    expect(upstream.bytes).not.toContain('sk-another-valid-key')
  })

  test.each([
    '{"model":"m","api_base":"https://evil.example","base_url":"https://evil.example","custom_host":"evil"}',
    '{"model":"m","litellm_params":{"api_base":"https://evil.example"},"api_key":"sk-another-valid-key"}',
    '{"model":"m","extra_headers":{"authorization":"Bearer x"},"url":"http://evil.example","provider":{"order":["x"]}}',
  ])('%.60s is content like any other and leads nowhere else', async (content) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(
      proxy,
      'tunnel',
      goodRequest('Connection: close')
        .replace(GOOD_REQUEST_CONTENT, content)
        .replace(`Content-Length: ${GOOD_REQUEST_CONTENT.length}`, `Content-Length: ${content.length}`),
    )

    expect(answers[0]?.status).toBe(200)
    expect(upstream.connections).toHaveLength(1)
    expect(upstream.bytes).toMatch(/\r\nhost: 127\.0\.0\.1:\d+\r\n/)
    expect(upstream.bytes).toContain(`authorization: Bearer ${TEST_SECRET}`)
  })
})

describe('a stored credential that no field can carry is not sent, and not shown (class 70)', () => {
  test.each([
    ['a line feed', 'sk-stored\nx-evil: 1'],
    ['CRLF', 'sk-stored\r\nx-evil: 1'],
    ['a line feed at the end', 'sk-stored\n'],
    ['a carriage return', 'sk-\rstored'],
    ['NUL', 'sk-\0stored'],
    ['a byte order mark', '\ufeffsk-stored'],
    ['a no-break space', 'sk-stored\u00a0'],
    ['a letter beyond ASCII', 'sk-störed'],
    ['an emoji', 'sk-stored🔑'],
    ['a tab', 'sk-\tstored'],
    ['DEL', 'sk-stored\x7f'],
    ['only spaces', '   '],
    ['a space before', ' sk-stored'],
    ['a space behind', 'sk-stored '],
    ['nothing', ''],
  ])('%s', async (_what, secret) => {
    await using upstream = await startRecordingUpstream()
    for (const auth of [{ kind: 'bearer' }, { kind: 'header', name: 'x-api-key' }] as const) {
      await using proxy = await startTestProxy({ baseUrl: upstream.url, auth, credential: new Credential(secret) })

      const { answers, wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

      expect(answers[0]).toMatchObject({ status: 503, code: 'credential_unavailable' })
      expect(answers[0]?.content).toContain('nemoclaw provider update test-provider')
      expect(wire + JSON.stringify(proxy.events)).not.toMatch(/stored|x-evil|störed/)
    }
    expect(upstream.bytes).toBe('')
  })

  test('64 KB', async () => {
    await using upstream = await startRecordingUpstream()
    const credential = new Credential('s'.repeat(65_536))
    await using proxy = await startTestProxy({ baseUrl: upstream.url, credential })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 503, code: 'credential_unavailable' })
    expect(upstream.bytes).toBe('')
  })

  test('none at all', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, credential: undefined as never })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 503, code: 'credential_unavailable' })
    expect(upstream.bytes).toBe('')
  })
})

describe('a redirect is never followed, and never shown to the client (class 74)', () => {
  const PLACES = [
    'same',
    'https://evil.example/',
    'http://127.0.0.1/',
    '//evil.example/x',
    'http://u:p@127.0.0.1/',
    '/elsewhere',
    '',
    'javascript:1',
  ]

  test.each([300, 301, 302, 303, 304, 305, 306, 307, 308, 399])('%i', async (status) => {
    for (const place of PLACES) {
      await using elsewhere = await startRecordingUpstream()
      await using upstream = await startRecordingUpstream((socket) => {
        const location =
          place === 'same' ? '/v1/chat/completions' : place.replace('127.0.0.1', `127.0.0.1:${elsewhere.port}`)
        socket.write(
          `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: ${status === 304 ? 0 : 2}\r\n\r\n${status === 304 ? '' : '{}'}`,
        )
      })
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

      expect(answers).toEqual([expect.objectContaining({ status: 502, code: 'upstream_protocol_error' })])
      expect(fieldsNamed(answers[0], 'location')).toEqual([])
      expect(upstream.bytes.match(/POST /g)).toHaveLength(1)
      expect(elsewhere.bytes).toBe('')
    }
  })

  test('with content that never ends costs nothing', async () => {
    await using upstream = await startRecordingUpstream((socket) => {
      socket.write('HTTP/1.1 307 Moved\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n')
      const timer = setInterval(() => socket.write('4\r\nmore\r\n'), 5)
      socket.on('close', () => clearInterval(timer))
    })
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]?.status).toBe(502)
    await expect.poll(() => upstream.open).toBe(0)
  })
})

describe('a provider cannot steer the client around us (class 75)', () => {
  test('by fields', async () => {
    const steering = [
      'Set-Cookie: a=b',
      'set-cookie: c=d',
      'Set-Cookie2: e=f',
      'Alt-Svc: h3=":443"',
      'Refresh: 0; url=https://evil.example',
      'Strict-Transport-Security: max-age=31536000',
      'Public-Key-Pins: x',
      'Clear-Site-Data: "*"',
      'WWW-Authenticate: Bearer realm="evil"',
      'Proxy-Authenticate: Basic realm="evil"',
      'Proxy-Status: evil; error=x',
      'Proxy-Connection: keep-alive',
      'NEL: {}',
      'Report-To: {}',
      'Reporting-Endpoints: x="https://evil.example"',
      'X-Nemoclaw-Model-Served: a lie',
      'x-nemoclaw-provider: a lie',
      'X-Nemoclaw-Anything: a lie',
      'Keep-Alive: timeout=1000',
      'Upgrade: h2c',
      'Trailer: x-evil',
      'Connection: x-hop, upgrade',
      'X-Hop: 1',
      'Service-Worker-Allowed: /',
      'SourceMap: https://evil.example',
    ]
    await using upstream = await startRecordingUpstream(
      `HTTP/1.1 200 OK\r\n${steering.join('\r\n')}\r\nX-Request-Id: r1\r\nX-Ratelimit-Remaining-Requests: 7\r\nContent-Length: 2\r\n\r\n{}`,
    )
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, wire } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]?.status).toBe(200)
    expect(wire).not.toMatch(/evil|a lie|cookie|alt-svc|strict-transport|clear-site|timeout=1000|h2c|x-hop/i)
    expect(fieldsNamed(answers[0], 'x-nemoclaw-model-served')).toEqual(['mock/echo'])
    expect(fieldsNamed(answers[0], 'x-request-id')).toEqual(['r1'])
    expect(fieldsNamed(answers[0], 'x-ratelimit-remaining-requests')).toEqual(['7'])
  })

  test.each([407, 600, 999])('by the status %i', async (status) => {
    await using upstream = await startRecordingUpstream(`HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n\r\n{}`)
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

    expect(answers[0]).toMatchObject({ status: 502, code: 'upstream_protocol_error' })
  })

  test.each([400, 401, 403, 404, 409, 422, 429, 500, 503, 529])(
    'its own status %i passes, with its content',
    async (status) => {
      const content = '{"error":{"message":"theirs"}}'
      await using upstream = await startRecordingUpstream(
        `HTTP/1.1 ${status} X\r\nRetry-After: 3\r\nX-Should-Retry: false\r\nContent-Type: application/json\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
      )
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', goodRequest('Connection: close'))

      expect(answers[0]).toMatchObject({ status, content })
      expect(fieldsNamed(answers[0], 'retry-after')).toEqual(['3'])
      expect(fieldsNamed(answers[0], 'x-should-retry')).toEqual(['false'])
      expect(fieldsNamed(answers[0], 'proxy-status')).toEqual([])
    },
  )
})
