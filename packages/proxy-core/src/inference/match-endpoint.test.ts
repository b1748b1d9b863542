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
