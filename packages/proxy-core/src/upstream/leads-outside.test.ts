import { expect, test } from 'vitest'
import { leadsOutside } from './leads-outside.js'

test.each(['api.example.com', 'nim.corp.internal', 'nim', '8.8.8.8', '100.64.0.1', '2001:db8::1', '[2606:4700::1]'])(
  'https to %s goes through the proxy',
  (host) => {
    expect(leadsOutside('https:', host)).toBe(true)
  },
)

test.each([
  'localhost',
  'LOCALHOST.',
  'nim.localhost',
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '[fd12::1]',
])('https to %s goes direct', (host) => {
  expect(leadsOutside('https:', host)).toBe(false)
})

test('plain http goes direct, wherever it leads', () => {
  expect(leadsOutside('http:', 'nim.corp.internal')).toBe(false)
})
