import { expect, test } from 'vitest'
import { checkBaseUrl } from './check-base-url.js'

test.each([
  ['https://api.example.com/v1', 'https://api.example.com/v1'],
  ['HTTPS://API.Example.com:443/v1//', 'https://api.example.com/v1'],
  ['https://10.0.0.1/', 'https://10.0.0.1'],
  ['http://127.0.0.1:8000/v1', 'http://127.0.0.1:8000/v1'],
  ['http://[::1]:8000', 'http://[::1]:8000'],
  ['http://192.168.1.7/v1', 'http://192.168.1.7/v1'],
  ['http://localhost:1234/v1', 'http://localhost:1234/v1'],
  ['http://nim.lan:8000/v1', 'http://nim.lan:8000/v1'],
])('%s is stored as %s', (typed, stored) => {
  expect(checkBaseUrl(typed)).toBe(stored)
})

test.each([
  'api.example.com/v1',
  '',
  '/v1',
  'ftp://example.com',
  'file:///etc/passwd',
  'mock://anything',
  'https://inference.local/v1',
  'http://INFERENCE.local.',
  'https://user@example.com',
  'https://user:secret@example.com',
  'https://@example.com',
  'https://example.com/v1?key=1',
  'https://example.com/v1?',
  'https://example.com/v1#x',
  'https://exa mple.com',
  'https://example.com/\nv1',
  'https:\\\\example.com',
  'https://example.com:0/v1',
  'https://example.com:99999/v1',
  'http://8.8.8.8/v1',
  'http://0.0.0.0/v1',
  'http://0x08080808/v1',
  'http://169.254.169.254/latest',
  'https://169.254.169.254/latest',
  'https://[fd00:ec2::254]/',
  'https://168.63.129.16/',
  'https://metadata.google.internal/',
  'https://METADATA.google.internal./',
  `https://example.com/${'a'.repeat(8192)}`,
])('refuses %j', (typed) => {
  expect(() => checkBaseUrl(typed)).toThrow(expect.objectContaining({ code: 'ERR_BASE_URL_INVALID', exitCode: 2 }))
})

test('does not quote user information', () => {
  expect(() => checkBaseUrl('https://user:hunter2@example.com')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
  )
})
