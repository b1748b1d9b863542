import { expect, test } from 'vitest'
import { upstreamUrl } from './upstream-url.js'

test.each([
  ['https://api.example.com', 'https://api.example.com/v1/messages'],
  ['https://api.example.com/', 'https://api.example.com/v1/messages'],
  ['https://api.example.com/v1', 'https://api.example.com/v1/messages'],
  ['https://api.example.com/v1/', 'https://api.example.com/v1/messages'],
  ['https://api.example.com/v1//', 'https://api.example.com/v1/messages'],
  ['https://api.example.com/api/v1', 'https://api.example.com/api/v1/messages'],
  ['https://api.example.com/api', 'https://api.example.com/api/v1/messages'],
  ['https://api.example.com/xv1', 'https://api.example.com/xv1/v1/messages'],
  ['https://api.example.com/v1beta', 'https://api.example.com/v1beta/v1/messages'],
  ['http://[::1]:8000/a%2Fb/v1', 'http://[::1]:8000/a%2Fb/v1/messages'],
])('%s leads to %s', (baseUrl, expected) => {
  expect(upstreamUrl(baseUrl, '/v1/messages').href).toBe(expected)
})
