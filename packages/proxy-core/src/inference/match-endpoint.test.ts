import { expect, test } from 'vitest'
import { matchEndpoint } from './match-endpoint.js'

test('answers a WebSocket handshake on an endpoint with 426, so that the client asks over HTTP at once', () => {
  expect(() => matchEndpoint('GET', '/v1/responses', ['websocket'])).toThrow(
    expect.objectContaining({ code: 'ERR_WEBSOCKET_NOT_SERVED', status: 426 }),
  )
})

test('does not let an Upgrade field change what is served', () => {
  expect(matchEndpoint('GET', '/v1/models', ['websocket']).path).toBe('/v1/models')
  expect(matchEndpoint('POST', '/v1/responses', ['websocket']).path).toBe('/v1/responses')
  expect(() => matchEndpoint('GET', '/v1/realtime', ['websocket'])).toThrow(
    expect.objectContaining({ code: 'ERR_ENDPOINT_NOT_ALLOWED' }),
  )
  expect(() => matchEndpoint('GET', '/v1/responses', ['h2c'])).toThrow(
    expect.objectContaining({ code: 'ERR_METHOD_NOT_ALLOWED' }),
  )
})

test.each([
  ['POST', '/v1/chat/completions', 'openai_chat_completions', ''],
  ['POST', '/v1/messages?beta=true', 'anthropic_messages', '?beta=true'],
  ['POST', '/v1/messages/count_tokens', 'anthropic_messages', ''],
  ['POST', '/v1/responses?a=1?b', 'openai_responses', '?a=1?b'],
  ['GET', '/v1/models', 'model_discovery', ''],
  ['GET', '/v1/models/meta/llama-3', 'model_discovery', ''],
])('%s %s is %s', (method, target, protocol, query) => {
  const matched = matchEndpoint(method, target)

  expect(matched.endpoint.protocol).toBe(protocol)
  expect(matched.query).toBe(query)
  expect(`${matched.path}${query}`).toBe(target)
})

test.each(['/v1/files', '/v1/chat/completions/', '/V1/models', '/', '/v1', '/v1/models/', '/v1/chat/complet%69ons'])(
  '%s is not served, and the list of what is comes along',
  (target) => {
    expect(() => matchEndpoint('POST', target)).toThrow(
      expect.objectContaining({
        code: 'ERR_ENDPOINT_NOT_ALLOWED',
        message: expect.stringContaining('POST /v1/chat/completions'),
      }),
    )
  },
)

test.each([
  '/v1/../x',
  '/v1/%2e%2e/x',
  '//x',
  '/a\\b',
  '/a;b',
  '/a%2fb',
  '/a%00',
  '/a%0a',
  '/%252e',
  '/%c0%ae',
  '/%',
  '/a#b',
  '/é',
])('%s is ambiguous', (target) => {
  expect(() => matchEndpoint('POST', target)).toThrow(
    expect.objectContaining({ code: 'ERR_PATH_NOT_CANONICAL', status: 400 }),
  )
})

test.each(['?key=x', '?API_KEY=x', '?a&api-key', '?a=1;access_token=x', '?%6bey=x', '?+key=x'])(
  'the query %s names a credential, which is not repeated',
  (query) => {
    expect(() => matchEndpoint('POST', `/v1/responses${query}`)).toThrow(
      expect.objectContaining({ code: 'ERR_CREDENTIAL_IN_QUERY', message: expect.not.stringContaining('=x') }),
    )
  },
)

test.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'])(
  '%s on a POST endpoint gets 405',
  (method) => {
    expect(() => matchEndpoint(method, '/v1/embeddings')).toThrow(
      expect.objectContaining({ code: 'ERR_METHOD_NOT_ALLOWED', status: 405 }),
    )
  },
)

test.each([
  ...[
    '?apikey=x',
    '?x-api-key=x',
    '?Authorization=x',
    '?auth_token=x',
    '?token=x',
    '?key[]=x',
    '?api_key%5B%5D=x',
    '??key=x',
  ],
  ...['?a=1&X_API_KEY=x', '?sig=x', '?ap%69_key=x'],
])('%s names a credential', (query) => {
  expect(() => matchEndpoint('POST', `/v1/messages${query}`)).toThrow(
    expect.objectContaining({ code: 'ERR_CREDENTIAL_IN_QUERY' }),
  )
})

test.each(['?key%00=x', '?key%ff=x', '?%zz=1'])('%s has a name that is no text', (query) => {
  expect(() => matchEndpoint('POST', `/v1/messages${query}`)).toThrow(
    expect.objectContaining({ code: 'ERR_PATH_NOT_CANONICAL' }),
  )
})

test.each(['?model=evil', '?Model=evil', '?models[]=evil'])('%s names a model', (query) => {
  expect(() => matchEndpoint('POST', `/v1/messages${query}`)).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_AMBIGUOUS' }),
  )
})
