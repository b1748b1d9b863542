import { expect, test } from 'vitest'
import { baseUrlViolations } from './base-url-violations.js'

const violations = (url: string) => baseUrlViolations('defaultBaseUrl', url)

test.each([
  'https://api.example.com',
  'https://api.example.com/',
  'https://api.example.com/v1',
  'https://api.example.com:8443/openai/deployments/gpt-4.1/',
  'https://10.0.0.8/v1',
  'https://[2001:db8::1]/v1',
  'http://127.0.0.1:4141/v1',
  'http://localhost:8000/v1',
  'http://nim.localhost/v1',
  'http://10.1.2.3/v1',
  'http://172.31.255.255/v1',
  'http://192.168.1.20:8000/v1',
  'http://[::1]:8000/v1',
  'http://[fd12:3456::1]/v1',
  'http://spark.local:8000/v1',
  'http://nim.internal/v1',
  'http://nim:8000/v1',
])('accepts %s', (url) => {
  expect(violations(url)).toEqual([])
})

test.each([
  '',
  'api.example.com/v1',
  '//api.example.com/v1',
  'https:api.example.com',
  'https:///api.example.com',
  'ftp://api.example.com',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'https://',
  'https://api.example.com:99999',
  'https://api.example.com:0',
  'https://user@api.example.com',
  'https://user:secret@api.example.com',
  'https://@api.example.com',
  'https://api.example.com/v1?key=secret',
  'https://api.example.com/v1?',
  'https://api.example.com/v1#',
  'https://*.example.com',
  'https://api.example.com/*',
  'https://api.example.com\\@evil.example',
  'https://api.example.com\\v1',
  'https://api.exam\tple.com',
  'https://api.example.com /v1',
  'https://api.example.com/v1\n',
  'https://api.exämple.com',
  'https://api.example.com//v1',
  'https://api.example.com/../v1',
  'https://api.example.com/%2e%2e/v1',
  'https://api.example.com/a%2fb',
  'https://api.example.com/a;b',
  `https://api.example.com/${'x'.repeat(2_048)}`,
])('refuses %j', (url) => {
  expect(violations(url)).not.toEqual([])
})

test.each([
  'http://api.example.com',
  'http://8.8.8.8/v1',
  'http://172.32.0.1',
  'http://100.64.0.1',
  'http://[2001:db8::1]',
])('refuses %s: a credential may not cross a public network in clear text', (url) => {
  expect(violations(url)).toEqual([expect.stringContaining('http to a public host')])
})

test.each([
  ...['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192', '0.0.0.0', '224.0.0.1'],
  ...['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518', '%31%36%39.254.169.254', '169.254.169.254.'],
  ...['[fd00:ec2::254]', '[FD00:0EC2:0::0254]', '[fd20:ce::254]', '[fe80::1]', '[febf::1]', '[::]', '[ff02::1]'],
  ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::169.254.169.254]', '[64:ff9b::169.254.169.254]'],
  ...['[::ffff:0:169.254.169.254]', '[2002:a9fe:a9fe::1]'],
  ...['metadata.google.internal', 'metadata.google.internal.', 'METADATA.google.internal', 'metadata', 'instance-data'],
])('refuses %s, in https too', (host) => {
  expect(violations(`https://${host}/v1`)).toEqual([expect.stringContaining('metadata, link-local or unusable')])
  expect(violations(`http://${host}/v1`)).toEqual([expect.stringContaining('metadata, link-local or unusable')])
})

test('names the field and never quotes the URL', () => {
  const sentences = violations('http://user:secret@api.example.com/a?key=secret#secret')

  expect(sentences).toHaveLength(4)
  for (const sentence of sentences) {
    expect(sentence).toMatch(/^defaultBaseUrl /)
    expect(sentence).not.toContain('secret')
  }
})
