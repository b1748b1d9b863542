import { expect, test } from 'vitest'
import { scrubAnswer } from './scrub-answer.js'

const KEY = 'sk-proj-AbCdEfGh12345678'
const scrub = (content: string) => scrubAnswer(content, [KEY])

test.each([
  ['{"error":{"message":"no such model","code":"x"}}', 'no such model'],
  ['{"type":"error","error":{"type":"t","message":"m"}}', 'm'],
  ['{"error":"plain"}', 'plain'],
  ['{"detail":"Not Found"}', 'Not Found'],
  ['<html>\n <b>502</b>\n</html>', '<html> <b>502</b> </html>'],
  ['', ''],
])("takes the provider's own message out of %s", (content, message) => {
  expect(scrub(content)).toBe(message)
})

test('cuts at 200 characters', () => {
  expect(scrub('a b '.repeat(100))).toHaveLength(200)
})

test('cuts after masking, so that no half of the key stays at the end', () => {
  expect(scrub(`${'x'.repeat(5)} `.repeat(32) + KEY)).not.toContain('sk-proj')
})

test.each([
  KEY,
  encodeURIComponent(KEY),
  Buffer.from(KEY).toString('base64'),
  `"${KEY}".`,
  'sk-proj-AbC***5678',
  'sk-***5678',
  'sk-…5678',
  'sk-proj-...',
  'sk-proj-AbCdEf',
  'xxxxxxxx5678',
  'Bearer:sk-proj-AbCdEfGh',
])('masks the key as %s', (form) => {
  const said = scrub(JSON.stringify({ error: { message: `Incorrect API key provided: ${form}` } }))

  expect(said).toMatch(/^Incorrect API key provided: /)
  expect(said).toContain('[redacted]')
  expect(said).not.toMatch(/AbC|5678|sk-/)
})

test.each([encodeURIComponent, (key: string) => JSON.stringify(key).slice(1, -1)])(
  'masks a key that had to be escaped',
  (escaped) => {
    const key = 'k+/="'.repeat(2)

    expect(scrubAnswer(`key ${escaped(key)}!`, [key])).toBe('key [redacted]!')
  },
)

test('leaves words alone that only look alike', () => {
  expect(scrub('loading... the *** of proj-x')).toBe('loading... the *** of proj-x')
})

test('masks every secret it is given', () => {
  expect(
    scrubAnswer('a first-secret-value and second-secret-value', ['first-secret-value', 'second-secret-value']),
  ).toBe('a [redacted] and [redacted]')
})

test('escapes control characters', () => {
  expect(scrub('a\u001b[2Jb')).toBe('a\\u001b[2Jb')
})
